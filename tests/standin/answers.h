#pragma once

#include <string>

#include "tests/standin/http.h"

namespace sma::standin {

/// An error in AWS's JSON 1.1 protocol; AWS names the text `message` or `Message`, by service and by who refuses.
[[nodiscard]] HttpAnswer json_error(int status, const std::string& code, const std::string& message,
                                    const std::string& message_name = "Message");
/// An error in AWS's Query protocol (XML).
[[nodiscard]] HttpAnswer query_error(int status, const std::string& code, const std::string& message);

[[nodiscard]] std::string xml_escape(std::string_view text);

}  // namespace sma::standin
