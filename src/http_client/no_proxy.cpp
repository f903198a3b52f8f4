#include "http_client/no_proxy.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/whole_number.h"

namespace sma {
namespace {

struct HostAndPort {
  std::string_view host;
  std::optional<int> port;
};

/// None if the brackets or the port are wrong.
std::optional<HostAndPort> split(std::string_view text) {
  HostAndPort parts{.host = text, .port = std::nullopt};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    parts.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!parse_ip_address(parts.host)) return std::nullopt;
  } else if (std::ranges::count(text, ':') == 1) {
    parts.host = text.substr(0, text.find(':'));
    port = text.substr(parts.host.size());
  }
  if (port.size() <= 1) return port.empty() || port == ":" ? std::optional(parts) : std::nullopt;
  parts.port = whole_number<int>(port.substr(1));
  const bool is_port = port.front() == ':' && parts.port && *parts.port >= 0 && *parts.port <= 65535;
  return is_port ? std::optional(parts) : std::nullopt;
}

std::string_view without_last_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

/// True if a host can have the name. One that ends in a number is an address with a fault, or a part of one. A byte
/// that is not ASCII is white space of another script, or a letter that DNS writes otherwise (`xn--…`).
bool is_name(std::string_view text) {
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  const std::string_view name = without_last_dot(text);
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return !name.empty() && name.front() != '.' && name.find("..") == name.npos && std::ranges::all_of(name, fits) &&
         !std::ranges::all_of(last, is_digit);
}

}  // namespace

NoProxy::NoProxy(std::string_view list) {
  std::size_t place = 0;
  while (!list.empty()) {
    ++place;
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string text = to_lower(trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (text.empty()) continue;
    if (text == "*") {
      all_ = true;
    } else if (auto entry = read_entry(text)) {
      entries_.push_back(std::move(*entry));
    } else {
      not_understood_.push_back(place);
    }
  }
}

std::optional<NoProxy::Entry> NoProxy::read_entry(std::string_view text) {
  if (auto network = parse_ip_network(text)) return Entry{.network = *network};
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  if (const auto address = parse_ip_address(parts->host))
    return Entry{.network = IpNetwork{.address = *address}, .port = parts->port};
  std::string_view name = parts->host;
  const bool names_itself = !name.starts_with('.') && !name.starts_with("*.");
  if (!names_itself) name.remove_prefix(name.find('.') + 1);
  if (!is_name(name)) return std::nullopt;
  return Entry{.suffix = "." + std::string(without_last_dot(name)), .names_itself = names_itself, .port = parts->port};
}

bool NoProxy::exempts(std::string_view host, int port) const {
  if (all_) return true;
  const auto address = parse_ip_address(host);
  const std::string_view name = without_last_dot(host);
  return std::ranges::any_of(entries_, [&](const Entry& entry) {
    if (entry.port && *entry.port != port) return false;
    if (entry.network) return address && entry.network->contains(*address);
    if (address) return false;
    return name.ends_with(entry.suffix) || (entry.names_itself && name == entry.suffix.substr(1));
  });
}

}  // namespace sma
