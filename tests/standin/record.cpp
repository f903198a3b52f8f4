#include "tests/standin/record.h"

namespace sma::standin {

Json to_json(const Record& record, bool whole) {
  Json::Object out{{"number", static_cast<int>(record.number)},
                   {"connection", static_cast<int>(record.connection)},
                   {"time", Json::Number{std::to_string(record.time)}},
                   {"operation", record.operation},
                   {"secretId", record.secret_id},
                   {"signature", std::string(name_of(record.signature.verdict))},
                   {"accessKey", record.signature.access_key},
                   {"region", record.signature.region},
                   {"tls", record.tls},
                   {"principal", record.signature.principal_arn},
                   {"status", record.status}};
  if (whole) {
    Json::Array headers;
    for (const auto& [name, value] : record.request.headers) headers.push_back(Json::Array{name, value});
    out.emplace_back("method", record.request.method);
    out.emplace_back("target", record.request.target);
    out.emplace_back("headers", std::move(headers));
    out.emplace_back("body", record.request.body);
  }
  return out;
}

}  // namespace sma::standin
