#include "tests/standin/answers.h"

#include "tests/standin/encoding.h"
#include "tests/standin/json.h"

namespace sma::standin {

HttpAnswer json_error(int status, const std::string& code, const std::string& message,
                      const std::string& message_name) {
  Json::Object body{{"__type", code}};
  if (!message.empty()) body.emplace_back(message_name, message);
  return {status, "application/x-amz-json-1.1", Json(std::move(body)).to_text(), {}};
}

HttpAnswer query_error(int status, const std::string& code, const std::string& message) {
  const std::string body =
      "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>" +
      std::string(status < 500 ? "Sender" : "Receiver") + "</Type>\n    <Code>" + xml_escape(code) +
      "</Code>\n    <Message>" + xml_escape(message) + "</Message>\n  </Error>\n  <RequestId>" + random_uuid() +
      "</RequestId>\n</ErrorResponse>\n";
  return {status, "text/xml", body, {}};
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace sma::standin
