#include "tests/standin/http.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>

namespace sma::standin {

namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxBody = 16 * 1024 * 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool read_more(Stream& stream, std::string& buffer) {
  std::array<char, 16384> chunk{};
  const std::size_t count = stream.read(chunk.data(), chunk.size());
  buffer.append(chunk.data(), count);
  return count > 0;
}

std::optional<HttpRequest> parse_head(std::string_view head) {
  HttpRequest request;
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  head.remove_prefix(line_end + 2);
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view field = head.substr(0, end);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    request.headers.emplace_back(field.substr(0, colon), trimmed(field.substr(colon + 1)));
    head.remove_prefix(end + 2);
  }
  return request;
}

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

std::string format_date(double seconds, const char* format) {
  const auto whole = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  const std::string wanted = to_lower(name);
  for (const auto& [key, value] : headers) {
    if (to_lower(key) == wanted) return value;
  }
  return std::nullopt;
}

std::string_view HttpRequest::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view HttpRequest::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::optional<HttpRequest> read_request(Stream& stream, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > kMaxHead || !read_more(stream, buffer)) return std::nullopt;
  }
  auto request = parse_head(std::string_view(buffer).substr(0, end + 2));
  if (!request) return std::nullopt;
  const auto length = std::strtoull(request->header("content-length").value_or("0").c_str(), nullptr, 10);
  if (length > kMaxBody || request->header("transfer-encoding")) return std::nullopt;
  if (request->header("expect") && !stream.write("HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
  const std::size_t total = end + 4 + length;
  while (buffer.size() < total) {
    if (!read_more(stream, buffer)) return std::nullopt;
  }
  request->body = buffer.substr(end + 4, length);
  buffer.erase(0, total);
  return request;
}

std::string render_head(const HttpAnswer& answer, std::size_t content_length, double date, bool close) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + ' ' + reason(answer.status) + "\r\n";
  const auto given = [&answer](std::string_view name) {
    return std::any_of(answer.headers.begin(), answer.headers.end(),
                       [name](const auto& header) { return to_lower(header.first) == name; });
  };
  if (!given("date")) head += "Date: " + http_date(date) + "\r\n";
  if (!answer.content_type.empty()) head += "Content-Type: " + answer.content_type + "\r\n";
  head += "Content-Length: " + std::to_string(content_length) + "\r\n";
  for (const auto& [name, value] : answer.headers) head.append(name).append(": ").append(value).append("\r\n");
  if (close) head += "Connection: close\r\n";
  return head + "\r\n";
}

std::map<std::string, std::string> parse_form(std::string_view text) {
  std::map<std::string, std::string> fields;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    if (!pair.empty()) fields[percent_decode(pair.substr(0, equals), true)] = percent_decode(value, true);
  }
  return fields;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const std::string digits(text.substr(i + 1, 2));
      out += static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string http_date(double seconds) { return format_date(seconds, "%a, %d %b %Y %H:%M:%S GMT"); }
std::string iso_date(double seconds) { return format_date(seconds, "%Y-%m-%dT%H:%M:%SZ"); }
std::string amz_date(double seconds) { return format_date(seconds, "%Y%m%dT%H%M%SZ"); }

std::optional<double> parse_amz_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (copy.size() != 16 || end != copy.c_str() + copy.size()) return std::nullopt;
  return static_cast<double>(timegm(&parts));
}

}  // namespace sma::standin
