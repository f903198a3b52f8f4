#include "http_server/target.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/hex.h"
#include "http_server/characters.h"

namespace sma {
namespace {

constexpr Refusal kBadTarget{400, "bad request target"};

bool is_address_literal(std::string_view text) {
  for (const char byte : text) {
    if (!characters::is(byte, characters::kRegName) && byte != ':') return false;
  }
  return !text.empty();
}

bool is_reg_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (characters::is(text[i], characters::kRegName)) continue;
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit_value(text[i + 1]) && hex_digit_value(text[i + 2]);
    if (!escape) return false;
    i += 2;
  }
  return true;
}

bool is_authority(std::string_view text, bool with_port) {
  const auto port_colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port = port_colon != text.npos && (bracket == text.npos || bracket < port_colon);
  const auto host = has_port ? text.substr(0, port_colon) : text;
  const auto port = has_port ? text.substr(port_colon + 1) : std::string_view{};
  if (!std::ranges::all_of(port, is_digit) || (with_port && port.empty()) || host.empty()) return false;
  if (host.front() == '[')
    return host.back() == ']' && host.size() > 2 && is_address_literal(host.substr(1, host.size() - 2));
  return is_reg_name(host);
}

void split_query(std::string_view text, ServerRequest& request) {
  const auto mark = text.find('?');
  request.path = text.substr(0, mark);
  request.query = mark == text.npos ? std::string_view{} : text.substr(mark + 1);
  if (request.path.empty()) request.path = "/";
}

std::optional<Refusal> read_absolute(std::string_view target, ServerRequest& request) {
  constexpr std::string_view kScheme = "http://";
  if (!equals_ignoring_case(target.substr(0, kScheme.size()), kScheme)) return kBadTarget;
  target.remove_prefix(kScheme.size());
  const auto end = std::min(target.find_first_of("/?"), target.size());
  if (!is_authority(target.substr(0, end), false)) return kBadTarget;
  split_query(target.substr(end), request);
  return std::nullopt;
}

}  // namespace

bool is_host_value(std::string_view value) { return value.empty() || is_authority(value, false); }

std::optional<Refusal> read_target(std::string_view target, ServerRequest& request) {
  if (!characters::all(target, characters::kTarget)) return kBadTarget;
  request.query = {};
  if (request.method == "CONNECT") {
    if (!is_authority(target, true)) return kBadTarget;
    request.path = target;
  } else if (target.starts_with('/')) {
    split_query(target, request);
  } else if (target == "*") {
    if (request.method != "OPTIONS") return kBadTarget;
    request.path = target;
  } else {
    return read_absolute(target, request);
  }
  return std::nullopt;
}

}  // namespace sma
