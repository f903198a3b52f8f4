#include "agent/files/temporary_name.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/hex.h"

namespace sma {
namespace {

constexpr std::string_view kPrefix = ".secrets-manager-agent-";
constexpr std::size_t kRandomBytes = 8;

}  // namespace

std::string temporary_name(Random& random) {
  std::array<std::uint8_t, kRandomBytes> bytes{};
  random.fill(bytes);
  std::string name(kPrefix);
  append_hex(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return name;
}

bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + 2 * kRandomBytes) return false;
  name.remove_prefix(kPrefix.size());
  return std::ranges::all_of(name, [](char c) { return kLowerHexDigits.find(c) != std::string_view::npos; });
}

}  // namespace sma
