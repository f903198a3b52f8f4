#include "base/shared_bytes.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

namespace sma {
namespace {

TEST_CASE("all holders share one copy of the bytes, which stays while one of them is there") {
  std::optional<SharedBytes> first(std::string(1000, 'x'));
  const SharedBytes second = *first;
  CHECK(second.view().data() == first->view().data());
  first.reset();
  CHECK(second.view() == std::string(1000, 'x'));
  SharedBytes third;
  CHECK(third.empty());
  third = second;
  const SharedBytes fourth = std::move(third);
  CHECK(fourth.view().data() == second.view().data());
}

TEST_CASE("a part keeps the whole") {
  SharedBytes part;
  {
    const SharedBytes whole("a secret value");
    part = whole.part(whole.view().substr(2, 6));
  }
  CHECK(part.view() == "secret");
  CHECK(part.size() == 6);
}

TEST_CASE("bytes may be filled in, and a literal is not copied") {
  SharedBytes filled = SharedBytes::of_size(3);
  std::string("abc").copy(filled.fill(), 3);
  CHECK(filled.view() == "abc");
  constexpr std::string_view kLiteral = "literal";
  CHECK(SharedBytes::of_literal(kLiteral).view().data() == kLiteral.data());
  CHECK(SharedBytes("").empty());
}

}  // namespace
}  // namespace sma
