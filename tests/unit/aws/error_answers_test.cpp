#include "aws/error_answers.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

Fault error(int status, std::string_view body, std::string_view errortype = "", std::string_view retry_after = "") {
  return read_error(status, errortype, retry_after, WipedBytes(body));
}

std::string coded(std::string_view code) { return R"({"__type":")" + std::string(code) + R"(","message":"m"})"; }

}  // namespace

TEST_CASE("the code comes from the field, then code, then __type, without namespace and address") {
  constexpr std::string_view kBody = R"({"__type":"com.amazon#TypeException","code":"CodeException:http://x/#y"})";
  CHECK(error(400, kBody, "FieldException:http://internal.amazon.com/coral/com.amazon/").code == "FieldException");
  CHECK(error(400, kBody, "com.amazonaws.secretsmanager#FieldException").code == "FieldException");
  CHECK(error(400, kBody).code == "CodeException");
  CHECK(error(400, R"({"__type":"com.amazon#TypeException"})").code == "TypeException");
  CHECK(error(400, R"({"code":7,"__type":"TypeException"})").code == "TypeException");
  CHECK(error(400, R"({"code":"","__type":"TypeException"})").code == "TypeException");
}

TEST_CASE("the message is read in both spellings, and there is always one") {
  CHECK(error(400, R"({"__type":"X","message":"small"})").message == "small");
  CHECK(error(400, R"({"__type":"X","Message":"\"large\" \u00e9"})").message == "\"large\" \xC3\xA9");
  CHECK(error(400, R"({"__type":"X"})").message == "AWS answered with status 400");
}

TEST_CASE("without a code the status's own name stands for it") {
  CHECK(error(400, "{}").code == "BadRequest");
  CHECK(error(403, "").code == "Forbidden");
  CHECK(error(404, " \n").code == "NotFound");
  CHECK(error(503, "").code == "ServiceUnavailable");
  CHECK(error(418, "{}").code == "Status418");
}

TEST_CASE("AWS's own refusals keep their status and are final") {
  const Fault fault = error(400, coded("ResourceNotFoundException"));
  CHECK(fault.is_denied());
  CHECK(fault.http_status == 400);
  CHECK(error(403, coded("AccessDeniedException")).is_denied());
}

TEST_CASE(
    "throttling is known by its code at any status, and by 429 unless the operation has a meaning of its own for it") {
  for (const char* code : {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
                           "RequestThrottled", "TooManyRequestsException", "ProvisionedThroughputExceededException",
                           "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
                           "LimitExceededException", "SlowDown", "EC2ThrottledException"}) {
    CHECK(error(400, coded(code)).is_throttled());
    CHECK(error(503, coded(code)).is_throttled());
  }
  CHECK(error(429, "").is_throttled());
  CHECK(error(429, coded("NobodyKnows")).is_throttled());
  CHECK(error(429, coded("ResourceNotFoundException")).is_denied());
}

TEST_CASE("what may pass is known by its code at any status, and by a 5xx") {
  for (const char* code :
       {"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError"}) {
    CHECK(error(400, coded(code)).is_transient());
    CHECK(error(501, coded(code)).is_worth_retrying());
  }
  for (const int status : {500, 502, 503, 504}) CHECK(error(status, coded("InternalServiceError")).is_worth_retrying());
  for (const int status : {501, 505, 599}) {
    const Fault fault = error(status, coded("ResourceNotFoundException"));
    CHECK(fault.is_transient());
    CHECK_FALSE(fault.is_worth_retrying());
  }
}

TEST_CASE("an answer of AWS with a code of the agent's own is still AWS's") {
  for (const char* code : {"TimeoutError", "ConnectionError", "InternalFailure", "ExpiredTokenException", "Busy"}) {
    for (const int status : {400, 429, 500, 504}) {
      CAPTURE(code);
      CAPTURE(status);
      const Fault fault = error(status, coded(code));
      CHECK(fault.came_from_aws());
      CHECK_FALSE(fault.is_without_answer());
      CHECK_FALSE(fault.is_timeout());
      CHECK(fault.http_status == status);
      CHECK(fault.code == code);
      CHECK(fault.is_transient() == (status != 400));
    }
  }
  CHECK(error(400, "<html>").is_without_answer());
}

TEST_CASE("refused keys and refused calls are distinguished") {
  for (const char* code :
       {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId"})
    CHECK(error(400, coded(code)).is_expired());
}

TEST_CASE("codes that AWS sends if the clock is wrong are known") {
  for (const char* code : {"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "RequestTimeTooSkewed",
                           "RequestExpired", "RequestInTheFuture", "AccessDeniedException"})
    CHECK(may_be_clock_skew(error(400, coded(code))));
  CHECK_FALSE(may_be_clock_skew(error(400, coded("ResourceNotFoundException"))));
}

TEST_CASE("a 5xx or 429 with any body goes by its status") {
  for (const char* body : {"<html>down</html>", "oops", "[1]", "\"x\"", "{\"a\":"}) {
    CHECK(error(503, body).http_status == 503);
    CHECK(error(503, body).code == "ServiceUnavailable");
    CHECK(error(503, body).is_transient());
    CHECK(error(429, body).http_status == 429);
    CHECK(error(429, body).is_throttled());
  }
}

TEST_CASE("any other answer that is no error of AWS's is a connection fault, and nothing of it is quoted") {
  for (const char* body : {"<html>hunter2</html>", "hunter2", "[\"hunter2\"]", "{\"hunter2\":"}) {
    const Fault fault = error(403, body);
    CHECK(fault.code == "ConnectionError");
    CHECK(fault.http_status == 502);
    CHECK(fault.is_transient());
    CHECK(fault.message.find("hunter2") == std::string::npos);
  }
  CHECK(error(301, "").code == "ConnectionError");
  CHECK(error(100, coded("X")).code == "ConnectionError");
}

TEST_CASE("the field alone tells the code of an unreadable answer") {
  CHECK(error(400, "<html>", "ResourceNotFoundException").code == "ResourceNotFoundException");
}

TEST_CASE("STS's XML is read") {
  const Fault fault =
      error(403,
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n"
            "    <Code>AccessDenied</Code>\n    <Message>User &quot;x&quot; is not authorized</Message>\n  </Error>\n"
            "  <RequestId>1</RequestId></ErrorResponse>");
  CHECK(fault.code == "AccessDenied");
  CHECK(fault.message == "User \"x\" is not authorized");
  CHECK(fault.is_denied());
  CHECK(error(400, "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>").is_transient());
}

TEST_CASE("code and message have at most 4 KiB, from wherever they come, and no broken character at their end") {
  std::string text;
  while (text.size() < 100'000) text += "\xE2\x82\xAC";
  const std::string kept = text.substr(0, 4095);
  const std::string json = R"({"__type":")" + text + R"(","message":")" + text + R"("})";
  const std::string xml = "<E><Error><Code>" + text + "</Code><Message>" + text + "</Message></Error></E>";
  for (const std::string& body : {json, xml}) {
    const Fault fault = error(400, body);
    CHECK(fault.code == kept);
    CHECK(fault.message == kept);
  }
  CHECK(error(400, "", text).code == kept);
}

TEST_CASE("code and wait are read from an answer's fields, in any case") {
  ClientResponse answer;
  answer.status = 503;
  answer.fields.push_back({"X-Amzn-ErrorType", WipedBytes("SlowDown:x")});
  answer.fields.push_back({"x-amz-retry-after", WipedBytes("20")});
  answer.body.append(R"({"message":"slower"})");
  const Fault fault = read_error(answer);
  CHECK(fault.code == "SlowDown");
  CHECK(fault.message == "slower");
  CHECK(fault.is_throttled());
  CHECK(fault.retry_after == Milliseconds{20});
}

TEST_CASE("x-amz-retry-after is read in milliseconds, other texts are ignored") {
  CHECK(error(503, "", "", "1500").retry_after == Milliseconds{1500});
  for (const char* junk : {"", "-1", "1.5", "1s", "99999999999999999999"})
    CHECK_FALSE(error(503, "", "", junk).retry_after);
}

TEST_CASE("AWS's last word on a secret is a refusal of its own operation, and nothing about keys, clocks or quotas") {
  const auto fault = [](std::string_view code, int status = 400) {
    return read_error(status, code, "", WipedBytes("{}"));
  };
  for (const char* code : {"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException",
                           "DecryptionFailure", "InvalidParameterException"}) {
    CAPTURE(code);
    CHECK(is_last_word_on(Fault::Revoked::secret, fault(code)));
    CHECK(is_last_word_on(Fault::Revoked::secret, fault(code, 429)) ==
          (code != std::string_view("AccessDeniedException")));
    CHECK_FALSE(is_last_word_on(Fault::Revoked::secret, fault(code, 500)));
    CHECK_FALSE(is_last_word_on(Fault::Revoked::secret, fault(code, 501)));
    CHECK_FALSE(is_last_word_on(Fault::Revoked::nothing, fault(code)));
  }
  for (const char* code : {"", "ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException",
                           "RequestExpired", "ThrottlingException", "ValidationException", "LimitExceededException"}) {
    CAPTURE(code);
    CHECK_FALSE(is_last_word_on(Fault::Revoked::secret, fault(code)));
  }
  CHECK_FALSE(is_last_word_on(Fault::Revoked::secret, Fault::denied("of the agent")));
}

TEST_CASE("STS's last word on a role is any refusal but one about keys, signatures, clocks or quotas") {
  const auto fault = [](std::string_view code, int status = 403) {
    return read_error(status, code, "", WipedBytes("{}"));
  };
  for (const char* code : {"AccessDenied", "AccessDeniedException", "ValidationError", "NoSuchEntity",
                           "RegionDisabledException", "MalformedPolicyDocument"}) {
    CAPTURE(code);
    CHECK(is_last_word_on(Fault::Revoked::role, fault(code)));
    CHECK_FALSE(is_last_word_on(Fault::Revoked::role, fault(code, 500)));
  }
  for (const char* code :
       {"", "ExpiredToken", "InvalidClientTokenId", "InvalidAccessKeyId", "MissingAuthenticationToken",
        "SignatureDoesNotMatch", "IncompleteSignature", "AuthFailure", "RequestExpired", "RequestTimeTooSkewed",
        "RequestInTheFuture", "Throttling", "LimitExceeded", "ServiceQuotaExceededException"}) {
    CAPTURE(code);
    CHECK_FALSE(is_last_word_on(Fault::Revoked::role, fault(code)));
  }
}

}  // namespace sma
