#include <iostream>
#include <string>

#include "aws/sigv4.h"
#include "base/json_document.h"
#include "base/json_text.h"
#include "http_client/url.h"

// Reads requests from standard input, a line of JSON each, and prints for each the path to send, the Host field, and
// the fields that sign it.

namespace {

std::string text(sma::JsonValue object, std::string_view name) {
  return std::string(object[name].string().value_or(""));
}

std::string signed_request(sma::JsonValue input) {
  sma::Credentials credentials;
  credentials.access_key_id = text(input, "access_key");
  credentials.secret_access_key = sma::SharedBytes(text(input, "secret_key"));
  credentials.session_token = sma::SharedBytes(text(input, "token"));

  sma::sigv4::SignableRequest request;
  request.method = text(input, "method");
  const std::string host = text(input, "host");
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const auto url =
      sma::parse_url(text(input, "scheme") + "://" + (is_ipv6 ? "[" + host + "]" : host) + ":" + text(input, "port"));
  request.host = url.value().authority();
  request.path = sma::sigv4::normalised_path(text(input, "path"));
  request.query = text(input, "query");
  for (const sma::JsonValue field : input["fields"])
    request.fields.emplace_back(text(field, "name"), text(field, "value"));
  const std::string payload = text(input, "payload");
  request.payload = payload;
  const sma::WallTime when{sma::Seconds(std::stoll(text(input, "time")))};
  const auto signature = sma::sigv4::sign(request, {.region = text(input, "region"), .service = text(input, "service")},
                                          credentials, when);

  std::string line = "[";
  for (const std::string_view part :
       {std::string_view(request.path), std::string_view(request.host), std::string_view(signature.amz_date),
        signature.security_token.view(), signature.authorization.view()}) {
    if (line.size() > 1) line += ",";
    sma::append_json_string(line, part);
  }
  return line + "]";
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = sma::JsonDocument::parse(sma::WipedBytes(line));
    if (!document) return 1;
    std::cout << signed_request(document->root()) << '\n';
  }
}
