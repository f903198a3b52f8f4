#include <iostream>
#include <string>

#include "aws/endpoint.h"
#include "base/json_document.h"
#include "base/json_text.h"

// Reads what decides an endpoint from standard input, a line of JSON each, and prints for each [URL, SIGNING REGION],
// or [MESSAGE] where there is none.

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = sma::JsonDocument::parse(sma::WipedBytes(line));
    if (!document) return 1;
    const sma::JsonValue input = document->root();
    const auto service = input["service"].string() == "sts" ? sma::AwsService::sts : sma::AwsService::secrets_manager;
    const auto endpoint = sma::resolve_endpoint(service, {.region = std::string(input["region"].string().value_or("")),
                                                          .use_fips = input["fips"].boolean() == "true",
                                                          .use_dualstack = input["dualstack"].boolean() == "true",
                                                          .override_url = {}});
    std::string output = "[";
    sma::append_json_string(output, endpoint.ok() ? endpoint->url : endpoint.fault().message);
    if (endpoint.ok()) {
      output += ",";
      sma::append_json_string(output, endpoint->signing_region);
    }
    std::cout << output << "]\n";
  }
}
