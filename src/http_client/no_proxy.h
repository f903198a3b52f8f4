#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_client/ip_address.h"

namespace sma {

/// The list of hosts that are reached without a proxy, read as Go's `httpproxy` reads it. Entries are separated by
/// commas:
///
/// | entry | exempts |
/// | --- | --- |
/// | `example.com` | that name and all names below it |
/// | `.example.com`, `*.example.com` | all names below it |
/// | `10.1.2.3`, `fd00::1`, `10.0.0.0/8` | addresses |
/// | any of these but a network, with `:PORT` | the same on that port only; an IPv6 address is in brackets then |
/// | `*` | everything |
///
/// Source: golang.org/x/net/http/httpproxy, `Config.NoProxy`.
class NoProxy {
 public:
  NoProxy() = default;
  explicit NoProxy(std::string_view list);

  /// `host` in lower case and without brackets, as `Url` has it.
  [[nodiscard]] bool exempts(std::string_view host, int port) const;
  /// The places, from 1, of the entries that were not understood: they exempt nothing.
  [[nodiscard]] const std::vector<std::size_t>& not_understood() const { return not_understood_; }
  [[nodiscard]] bool empty() const { return entries_.empty() && !all_; }

 private:
  struct Entry {
    std::optional<IpNetwork> network{};  ///< none: `suffix`
    std::string suffix{};                ///< begins with a dot
    bool names_itself = false;           ///< the name without the dot is meant too
    std::optional<int> port{};           ///< none: all
  };
  static std::optional<Entry> read_entry(std::string_view text);

  std::vector<Entry> entries_;
  bool all_ = false;
  std::vector<std::size_t> not_understood_;
};

}  // namespace sma
