#include "tests/standin/key_ring.h"

#include "tests/standin/encoding.h"

namespace sma::standin {

void KeyRing::add(Principal principal) {
  std::string key = principal.access_key;
  principals_.insert_or_assign(std::move(key), std::move(principal));
}

const Principal& KeyRing::issue(const std::string& arn, double expires) {
  Principal principal;
  principal.access_key = "ASIA" + random_text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  principal.secret_key = random_text(40);
  // As long as AWS's own tokens, and with the characters that need care in headers and forms.
  principal.session_token = "IQoJb3JpZ2luX2VjE" + random_text(600) + "/+=" + random_text(40) + "==";
  principal.arn = arn;
  principal.expires = expires;
  ++issued_;
  const std::string key = principal.access_key;
  add(std::move(principal));
  return principals_.at(key);
}

const Principal* KeyRing::find(const std::string& access_key) const {
  const auto found = principals_.find(access_key);
  return found == principals_.end() ? nullptr : &found->second;
}

}  // namespace sma::standin
