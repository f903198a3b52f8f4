#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "aws/decimal_seconds.h"
#include "aws/error_answers.h"
#include "aws/secret_answers.h"
#include "aws/sts_answers.h"
#include "base/json_document.h"
#include "base/time_text.h"

// Readers of what AWS answers. The first byte chooses one; the rest is the answer.

namespace {

using namespace sma;

void require(bool holds) {
  if (!holds) std::abort();
}

/// What a client reads from the rendered secret is what AWS sent.
void read_secret(std::string_view body) {
  const auto secret = read_secret_value(WipedBytes(body));
  if (!secret.ok()) return;
  const auto sent = JsonDocument::parse(WipedBytes(body));
  const auto got = JsonDocument::parse(WipedBytes(secret->answer.view()));
  require(sent && got);
  for (const char* name : {"ARN", "Name", "VersionId", "SecretString", "SecretBinary"})
    require(sent->root()[name].string() == got->root()[name].string());
  require(got->root()["CreatedDate"].string().has_value() == sent->root()["CreatedDate"].number().has_value());
}

void read_refusal(std::string_view body) {
  constexpr int kStatuses[] = {200, 301, 400, 403, 429, 500, 503};
  for (const int status : kStatuses) {
    const Fault fault = read_error(status, "", "10", WipedBytes(body));
    require(fault.http_status >= 400 && !fault.code.empty() && !fault.message.empty());
  }
  (void)read_error(400, body, body, WipedBytes());
}

void read_sts(std::string_view body) {
  const auto role = read_assumed_role(WipedBytes(body));
  if (role.ok()) require(!role->credentials.secret_access_key.empty() && role->credentials.expiration.has_value());
  (void)read_caller_identity(WipedBytes(body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 's':
      read_secret(body);
      break;
    case 'd':
      (void)read_description(WipedBytes(body));
      break;
    case 'b':
      (void)read_batch(WipedBytes(body));
      break;
    case 'e':
      read_refusal(body);
      break;
    case 'x':
      read_sts(body);
      break;
    case 't':
      (void)parse_iso8601(body);
      (void)parse_http_date(body);
      (void)decimal_seconds(body);
      break;
    default:
      return -1;
  }
  return 0;
}
