#include "secrets/role_arn.h"

#include <algorithm>

#include "base/ascii.h"

namespace sma {
namespace {

bool is_partition(char c) { return is_letter_or_digit(c) || c == '-'; }
bool is_name(char c) { return is_letter_or_digit(c) || std::string_view("_+=,.@/-").find(c) != std::string_view::npos; }

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

bool is_role_arn(std::string_view text) {
  constexpr std::size_t kAccountDigits = 12;
  if (!take(text, "arn:")) return false;
  const std::size_t partition = text.find(':');
  if (partition == 0 || partition == std::string_view::npos) return false;
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(partition), is_partition)) return false;
  text.remove_prefix(partition);
  if (!take(text, ":iam::") || text.size() < kAccountDigits) return false;
  if (!std::all_of(text.begin(), text.begin() + kAccountDigits, is_digit)) return false;
  text.remove_prefix(kAccountDigits);
  return take(text, ":role/") && !text.empty() && std::all_of(text.begin(), text.end(), is_name);
}

}  // namespace sma
