#include "secrets/role_arn.h"

#include <doctest/doctest.h>

#include <string>

namespace sma {
namespace {

TEST_CASE("role ARNs of every partition, with paths and all signs a name may have, are taken") {
  for (const char* arn : {"arn:aws:iam::123456789012:role/reader", "arn:aws-us-gov:iam::123456789012:role/a/b/c",
                          "arn:aws-cn:iam::000000000000:role/x_+=,.@/-9", "arn:aws-iso-b:iam::123456789012:role/R"}) {
    CAPTURE(arn);
    CHECK(is_role_arn(arn));
  }
}

TEST_CASE("what is not exactly a role ARN is refused") {
  for (const char* arn :
       {"", "arn:", "reader", "arn:aws:iam::123456789012:role/", "arn:aws:iam::12345678901:role/r",
        "arn:aws:iam::1234567890123:role/r", "arn:aws:iam::12345678901x:role/r", "arn:aws:iam:eu:123456789012:role/r",
        "arn::iam::123456789012:role/r", "arn:aws:sts::123456789012:role/r", "arn:aws:iam::123456789012:user/r",
        "arn:aws:iam::123456789012:role/r r", "arn:aws:iam::123456789012:role/r\n",
        "arn:aws:iam::123456789012:role/r:s", " arn:aws:iam::123456789012:role/r", "arn:a ws:iam::123456789012:role/r",
        "arn:aws:iam::123456789012", "arn:aws:iam::123456789012:role/\xC3\xA9", "ARN:aws:iam::123456789012:role/r"}) {
    CAPTURE(arn);
    CHECK_FALSE(is_role_arn(arn));
  }
  CHECK_FALSE(is_role_arn(std::string("arn:aws:iam::123456789012:role/r\0", 33)));
}

}  // namespace
}  // namespace sma
