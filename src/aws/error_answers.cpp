#include "aws/error_answers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "aws/xml_text.h"
#include "base/json_document.h"
#include "base/whole_number.h"

namespace sma {
namespace {

using namespace std::string_view_literals;

constexpr std::array kThrottlingCodes = {"Throttling"sv,
                                         "ThrottlingException"sv,
                                         "ThrottledException"sv,
                                         "RequestThrottledException"sv,
                                         "RequestThrottled"sv,
                                         "TooManyRequestsException"sv,
                                         "ProvisionedThroughputExceededException"sv,
                                         "TransactionInProgressException"sv,
                                         "RequestLimitExceeded"sv,
                                         "BandwidthLimitExceeded"sv,
                                         "LimitExceededException"sv,
                                         "SlowDown"sv,
                                         "EC2ThrottledException"sv};

constexpr std::array kTransientCodes = {"RequestTimeout"sv, "RequestTimeoutException"sv, "PriorRequestNotComplete"sv,
                                        "IDPCommunicationError"sv};

constexpr std::array kExpiredCodes = {"ExpiredToken"sv, "ExpiredTokenException"sv, "UnrecognizedClientException"sv,
                                      "InvalidClientTokenId"sv};

constexpr std::array kClockSkewCodes = {
    "InvalidSignatureException"sv, "SignatureDoesNotMatch"sv, "AuthFailure"sv,
    "RequestTimeTooSkewed"sv,      "RequestExpired"sv,        "RequestInTheFuture"sv,
    "AccessDeniedException"sv};

/// What the models of the operations called here declare: with one of these a 429 means what the code says.
constexpr std::array kOperationsOwnCodes = {
    "ResourceNotFoundException"sv, "InvalidParameterException"sv, "InvalidRequestException"sv,
    "DecryptionFailure"sv,         "InternalServiceError"sv,      "InvalidNextTokenException"sv,
    "MalformedPolicyDocument"sv,   "PackedPolicyTooLarge"sv,      "RegionDisabledException"sv,
    "IDPRejectedClaim"sv,          "InvalidIdentityToken"sv,      "UnauthorizedException"sv};

/// GetSecretValue's codes for a secret that is not there, or not to be read.
constexpr std::array kSecretCodes = {"ResourceNotFoundException"sv, "AccessDeniedException"sv,
                                     "InvalidRequestException"sv, "DecryptionFailure"sv, "InvalidParameterException"sv};

/// What is in the codes about keys, signatures, clocks and quotas, of any service.
constexpr std::array kCallersWords = {"Token"sv,   "Key"sv,      "Client"sv,  "Signature"sv, "AuthFailure"sv,
                                      "Expired"sv, "Skewed"sv,   "Future"sv,  "Clock"sv,     "Throttl"sv,
                                      "Limit"sv,   "Exceeded"sv, "TooMany"sv, "Quota"sv};

struct StatusName {
  int status;
  std::string_view name;
};

constexpr std::array<StatusName, 14> kStatusNames = {{
    {400, "BadRequest"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "NotFound"},
    {405, "MethodNotAllowed"},
    {407, "ProxyAuthenticationRequired"},
    {408, "RequestTimeout"},
    {409, "Conflict"},
    {413, "ContentTooLarge"},
    {429, "TooManyRequests"},
    {500, "InternalServerError"},
    {502, "BadGateway"},
    {503, "ServiceUnavailable"},
    {504, "GatewayTimeout"},
}};

bool is_one_of(std::string_view code, const auto& codes) { return std::ranges::find(codes, code) != codes.end(); }

std::string status_name(int status) {
  const auto* known = std::ranges::find(kStatusNames, status, &StatusName::status);
  return known != kStatusNames.end() ? std::string(known->name) : "Status" + std::to_string(status);
}

/// `namespace#Code:url` is `Code`.
std::string_view bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  return code.substr(code.rfind('#') + 1);
}

struct ErrorText {
  std::string code;
  std::string message;
};

/// None if the body is neither AWS's JSON nor AWS's XML. An empty body says nothing, but that is readable.
std::optional<ErrorText> read_body(WipedBytes body) {
  const std::size_t begin = body.view().find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return ErrorText{};
  if (body.view()[begin] == '<') {
    const auto code = xml_text(body.view(), "Error", "Code");
    const auto message = xml_text(body.view(), "Error", "Message");
    if (!code) return std::nullopt;
    return ErrorText{std::string(bare_code(error_text(code->view()))),
                     std::string(error_text(message ? message->view() : ""sv))};
  }
  const auto document = JsonDocument::parse(std::move(body));
  if (!document || !document->root().is_object()) return std::nullopt;
  const auto first_text = [&](std::string_view name, std::string_view other) {
    const auto text = document->root()[name].string();
    return text && !text->empty() ? *text : document->root()[other].string().value_or("");
  };
  return ErrorText{std::string(bare_code(error_text(first_text("code", "__type")))),
                   std::string(error_text(first_text("message", "Message")))};
}

Fault::Kind kind_of(int status, std::string_view code) {
  if (is_one_of(code, kThrottlingCodes)) return Fault::Kind::throttled;
  if (status == 429 && !is_one_of(code, kOperationsOwnCodes)) return Fault::Kind::throttled;
  if (is_one_of(code, kTransientCodes) || status == 500 || (status >= 502 && status <= 504))
    return Fault::Kind::transient;
  if (status > 500) return Fault::Kind::lasting;
  return is_one_of(code, kExpiredCodes) ? Fault::Kind::expired : Fault::Kind::denied;
}

std::optional<Milliseconds> read_milliseconds(std::string_view text) {
  const auto value = whole_number<Milliseconds::rep>(text);
  if (!value || *value < 0) return std::nullopt;
  return Milliseconds(*value);
}

/// `text`: of the body; none if that cannot be read.
Fault error_of(int status, std::string_view errortype, std::string_view retry_after, std::optional<ErrorText> text) {
  const std::string_view header_code = bare_code(error_text(errortype));
  const bool goes_by_status = status == 429 || status >= 500;
  if (status < 400 || (!text && header_code.empty() && !goes_by_status))
    return Fault::connection("the answer, with status " + std::to_string(status) + ", is none of AWS's");
  std::string code(header_code);
  if (text && code.empty()) code = std::move(text->code);
  const Fault::Kind kind = kind_of(status, code);
  if (code.empty()) code = status_name(status);
  std::string message = text ? std::move(text->message) : std::string();
  if (message.empty()) message = "AWS answered with status " + std::to_string(status);
  Fault fault = Fault::of_aws(kind, status, std::move(code), std::move(message));
  fault.retry_after = read_milliseconds(retry_after);
  return fault;
}

}  // namespace

Fault read_error(int status, std::string_view errortype, std::string_view retry_after, WipedBytes body) {
  return error_of(status, errortype, retry_after, read_body(std::move(body)));
}

Fault read_error(ClientResponse& answer) {
  std::optional<ErrorText> text = read_body(std::move(answer.body));
  if (!text || answer.status < 400) answer.close_connection();
  return error_of(answer.status, answer.field("x-amzn-errortype"), answer.field("x-amz-retry-after"), std::move(text));
}

bool may_be_too_early(const Fault& fault) { return fault.came_from_aws() && fault.code == "InvalidIdentityToken"; }

bool is_last_word_on(Fault::Revoked what, const Fault& fault) {
  if (!fault.came_from_aws() || !fault.is_denied()) return false;
  if (what == Fault::Revoked::secret) return is_one_of(fault.code, kSecretCodes);
  const auto occurs = [&](std::string_view word) { return fault.code.find(word) != std::string::npos; };
  return what == Fault::Revoked::role && !std::ranges::any_of(kCallersWords, occurs) &&
         fault.code != status_name(fault.http_status);
}

bool may_be_clock_skew(const Fault& fault) { return fault.came_from_aws() && is_one_of(fault.code, kClockSkewCodes); }

}  // namespace sma
