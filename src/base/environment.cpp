#include "base/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/ascii.h"
#include "base/wiped_bytes.h"

namespace sma {
namespace {

/// Calls `use(name, value)` for each variable in the memory of this process. `value` ends with a NUL.
template <typename Use>
void for_each_variable(Use use) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const equals = std::strchr(*entry, '=');
    if (equals != nullptr) use(std::string_view(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  }
}

}  // namespace

Environment Environment::of_process() {
  Environment environment;
  for_each_variable([&](std::string_view name, const char* value) {
    environment.values_.emplace(name, SharedBytes::of_literal(value));
  });
  return environment;
}

Environment::Environment(const std::map<std::string, std::string, std::less<>>& variables) {
  for (const auto& [name, value] : variables) values_.emplace(name, SharedBytes(value));
}

std::optional<std::string_view> Environment::get(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || trimmed(found->second.view()).empty()) return std::nullopt;
  return found->second.view();
}

SharedBytes Environment::share(std::string_view name) const {
  return get(name) ? values_.find(name)->second : SharedBytes();
}

void Environment::hide(std::span<const std::string> names) {
  std::vector<SharedBytes> hidden;
  for (const std::string& name : names) {
    const auto found = values_.find(name);
    if (found == values_.end()) continue;
    const auto same = std::ranges::find(hidden, found->second.view(), &SharedBytes::view);
    found->second = same != hidden.end() ? *same : hidden.emplace_back(SharedBytes(found->second.view()));
  }
  for_each_variable([&](std::string_view name, char* value) {
    if (std::ranges::find(names, name) != names.end()) wipe(value, std::strlen(value));
  });
}

Environment Environment::for_programs() const {
  Environment environment(*this);
  environment.values_.erase(withheld_);
  return environment;
}

}  // namespace sma
