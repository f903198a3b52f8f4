#include "base/environment.h"

#include <unistd.h>

namespace sma {
Environment Environment::of_process() {
  std::map<std::string, std::string, std::less<>> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

std::optional<std::string_view> Environment::get(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  const std::string_view value = found->second;
  if (value.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos) return std::nullopt;
  return value;
}

}  // namespace sma
