#include "base/wiped_bytes.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

namespace sma {
namespace {

TEST_CASE("bytes are kept while the buffer grows, shrinks and moves") {
  WipedBytes bytes("ab");
  bytes.push_back('\0');
  for (int i = 0; i < 1000; ++i) bytes.append("xyz");
  CHECK(bytes.size() == 3003);
  CHECK(bytes.view().starts_with(std::string_view("ab\0xyz", 6)));
  bytes.resize(4);
  CHECK(bytes.view() == std::string_view("ab\0x", 4));
  bytes.resize(6);
  CHECK(bytes.view() == std::string_view("ab\0x\0\0", 6));
  WipedBytes moved(std::move(bytes));
  CHECK(bytes.empty());
  CHECK(moved.size() == 6);
  const WipedBytes copy = moved.copy();
  moved.clear();
  CHECK(moved.view().empty());
  CHECK(copy.size() == 6);
}

TEST_CASE("what resize cuts off is overwritten") {
  WipedBytes bytes("secret");
  bytes.resize(1);
  CHECK(std::string(bytes.data(), 6) == std::string("s\0\0\0\0\0", 6));
}

TEST_CASE("a buffer with enough room does not move when it grows") {
  WipedBytes bytes;
  bytes.reserve(100);
  CHECK(bytes.capacity() >= 100);
  bytes.append("a");
  const char* const place = bytes.data();
  bytes.append(std::string(99, 'b'));
  CHECK(bytes.data() == place);
}

TEST_CASE("wipe overwrites what it is asked to, and no more") {
  std::string text = "abcd";
  wipe(text.data() + 1, 2);
  CHECK(text == std::string("a\0\0d", 4));
}

TEST_CASE("texts are equal if all their bytes are") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("token", "token"));
  for (const char* other : {"", "toke", "tokens", "Token", "tokeN"}) {
    CAPTURE(other);
    CHECK_FALSE(equal_in_constant_time("token", other));
  }
}

}  // namespace
}  // namespace sma
