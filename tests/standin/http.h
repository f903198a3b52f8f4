#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sma::standin {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request as it came over the wire: nothing in it is decoded or normalised, so that signatures are checked on
/// what was sent.
struct HttpRequest {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;

  /// Any case; nothing where the header is absent.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  Headers headers;
};

/// Where bytes come from and go to: a socket, or TLS on one.
class Stream {
 public:
  virtual ~Stream() = default;
  /// 0 at the end or on any fault.
  virtual std::size_t read(char* data, std::size_t size) = 0;
  /// False when the client is gone.
  virtual bool write(std::string_view data) = 0;
};

/// Reads one request; bytes past it stay in `buffer` for the next call. Nothing at the end of the connection or
/// where the request cannot be read.
[[nodiscard]] std::optional<HttpRequest> read_request(Stream& stream, std::string& buffer);

/// Status line and head of `answer` with the given Content-Length and Date (seconds since the epoch).
[[nodiscard]] std::string render_head(const HttpAnswer& answer, std::size_t content_length, double date, bool close);

/// `a=b&c=d`, form-decoded; the last of a repeated name wins.
[[nodiscard]] std::map<std::string, std::string> parse_form(std::string_view text);
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space);

[[nodiscard]] std::string to_lower(std::string_view text);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(double seconds);
/// `2026-11-23T20:00:00Z`.
[[nodiscard]] std::string iso_date(double seconds);
/// `20261123T200000Z`, as SigV4 writes it.
[[nodiscard]] std::string amz_date(double seconds);
/// The other way; nothing where `text` is not such a date.
[[nodiscard]] std::optional<double> parse_amz_date(std::string_view text);

}  // namespace sma::standin
