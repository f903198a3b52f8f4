#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/whole_number.h"
#include "http_client/no_proxy.h"

// A list of hosts that are reached without a proxy, and a host: the first line.

namespace {

using namespace sma;

constexpr int kPort = 443;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string_view> entries_of(std::string_view list) {
  std::vector<std::string_view> entries;
  for (;;) {
    const std::size_t end = std::min(list.find(','), list.size());
    entries.push_back(list.substr(0, end));
    if (end == list.size()) return entries;
    list.remove_prefix(end + 1);
  }
}

/// The port that an entry names, or any.
int port_of(std::string_view entry) {
  const std::string_view text = trimmed(entry);
  return whole_number<int>(text.substr(text.rfind(':') + 1)).value_or(kPort);
}

/// A host that an entry which was understood must exempt.
std::string host_of(std::string_view entry) {
  std::string host = to_lower(trimmed(entry));
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  if (const std::size_t slash = host.find('/'); slash != host.npos) return host.substr(0, slash);
  if (std::ranges::count(host, ':') == 1) host.erase(host.find(':'));
  if (host.starts_with('*')) host.erase(0, 1);
  return host.starts_with('.') ? "a" + host : host;
}

/// An entry exempts something or is known not to be understood: none is dropped silently.
void check_entry(std::string_view entry) {
  const NoProxy alone(entry);
  if (alone.empty()) {
    require(trimmed(entry).empty() != (alone.not_understood() == std::vector<std::size_t>{1}));
  } else {
    require(alone.not_understood().empty());
    require(alone.exempts(host_of(entry), port_of(entry)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, std::size_t{256}));
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string host = to_lower(text.substr(0, end));
  const std::string_view list = text.substr(std::min(end + 1, text.size()));

  const NoProxy all(list);
  bool exempt = false;
  std::vector<std::size_t> not_understood;
  const std::vector<std::string_view> entries = entries_of(list);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    check_entry(entries[i]);
    const NoProxy alone(entries[i]);
    exempt = exempt || alone.exempts(host, kPort);
    if (!alone.not_understood().empty()) not_understood.push_back(i + 1);
  }
  require(all.exempts(host, kPort) == exempt);
  require(all.not_understood() == not_understood);
  std::string upper(list);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  require(NoProxy(upper).exempts(host, kPort) == exempt);
  return 0;
}
