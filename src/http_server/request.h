#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sma {

/// One field line of a request's head: name as sent, value without surrounding white space.
struct ServerField {
  std::string_view name;
  std::string_view value;
};

/// Whether a connection was accepted while there was room (the agent's own policy, specification §1.9).
enum class Admission : std::uint8_t {
  regular,
  ping_only,  ///< one of the two over the limit on which `/ping` is still served
  refused,    ///< over the limit, and not one of the two
};

/// Why a request is refused that is no HTTP or is over a limit. The server answers with it and closes the connection.
struct Refusal {
  int status = 400;
  std::string_view reason;  ///< a literal for a person to read; never anything that the client sent
};

/// A well-formed request whose body was read already. All views point into the connection's buffer. They are valid
/// during `Handler::handle` only: a handler that waits copies what it needs first. Source: RFC 9112 §3, RFC 9110.
class ServerRequest {
 public:
  static constexpr std::size_t kMaxFields = 100;

  std::string_view method;
  std::string_view path;   ///< of the target, still percent-encoded, never empty; `*` for `OPTIONS *`
  std::string_view query;  ///< after the first `?`, still encoded; empty if there is none
  int minor_version = 1;   ///< of HTTP/1.x
  Admission admission = Admission::regular;

  [[nodiscard]] std::span<const ServerField> fields() const { return {fields_.data(), field_count_}; }
  /// The first field of that name (any case), if there is one.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
  /// At most `kMaxFields` are added.
  void add_field(ServerField field) { fields_[field_count_++] = field; }
  void clear_fields() { field_count_ = 0; }

 private:
  std::array<ServerField, kMaxFields> fields_;
  std::size_t field_count_ = 0;
};

}  // namespace sma
