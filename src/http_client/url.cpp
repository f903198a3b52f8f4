#include "http_client/url.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/ascii.h"
#include "base/whole_number.h"
#include "http_client/ip_address.h"

namespace sma {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, FreeUrl>;

/// None if curl does not take `url`.
CurlUrl read(const char* url, unsigned flags) {
  CurlUrl read(curl_url());
  if (read == nullptr) std::abort();
  if (curl_url_set(read.get(), CURLUPART_URL, url, flags) != CURLUE_OK) return nullptr;
  return read;
}

std::optional<std::string> part(const CurlUrl& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

/// curl wipes its own copy when it is freed.
WipedBytes secret_part(const CurlUrl& url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  WipedBytes copy{std::string_view(text)};
  curl_free(text);
  return copy;
}

bool is_localhost(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return equals_ignoring_case(name.substr(name.rfind('.') + 1), "localhost");
}

constexpr int kHttpsProxyPort = 443;
constexpr int kOtherProxyPort = 1080;

}  // namespace

std::optional<Url> parse_url(const std::string& url) {
  const CurlUrl parsed = read(url.c_str(), CURLU_PATH_AS_IS);
  if (!parsed) return std::nullopt;
  auto scheme = part(parsed, CURLUPART_SCHEME);
  auto host = part(parsed, CURLUPART_HOST);
  auto path = part(parsed, CURLUPART_PATH);
  const auto port = whole_number<int>(part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or(""));
  if (!scheme || !host || !path || !port || host->empty()) return std::nullopt;
  if (host->starts_with('[') && host->ends_with(']')) host = host->substr(1, host->size() - 2);
  constexpr std::array kMore = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT};
  return Url{.scheme = std::move(*scheme),
             .host = to_lower(*host),
             .zone = part(parsed, CURLUPART_ZONEID).value_or(""),
             .port = *port,
             .path = std::move(*path),
             .has_more = std::ranges::any_of(
                 kMore, [&](CURLUPart which) { return part(parsed, which, CURLU_GET_EMPTY).has_value(); })};
}

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (scheme == "https" ? 443 : 80)) text.append(":").append(std::to_string(port));
  return text;
}

bool is_near_host(const std::string& host) {
  return is_loopback_address(host) || is_link_local_address(host) || is_localhost(host);
}

bool must_be_looked_up(const std::string& host) { return !parse_ip_address(host) && !is_localhost(host); }

// The flags are those that curl reads a proxy with.
bool is_proxy_url(std::string_view url) {
  WipedBytes text(url);  // may hold a password
  text.push_back('\0');
  const CurlUrl parsed = read(text.data(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
  if (!parsed) return false;
  const auto scheme = part(parsed, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME).value_or("http");
  constexpr std::array kSchemes = {"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};
  return std::ranges::find(kSchemes, scheme) != kSchemes.end() && part(parsed, CURLUPART_HOST);
}

ProxyAccess proxy_access(std::string_view url) {
  ProxyAccess access{};
  access.url = WipedBytes(url);
  access.url.push_back('\0');
  const CurlUrl parsed = read(access.url.data(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
  if (!parsed) return access;
  const std::string scheme = part(parsed, CURLUPART_SCHEME, CURLU_NO_GUESS_SCHEME).value_or("http");
  access.scheme = scheme;
  access.host = to_lower(part(parsed, CURLUPART_HOST).value_or(""));
  if (access.host.starts_with('[')) access.host = access.host.substr(1, access.host.size() - 2);
  access.port = whole_number<int>(part(parsed, CURLUPART_PORT).value_or(""))
                    .value_or(scheme == "https" ? kHttpsProxyPort : kOtherProxyPort);
  const WipedBytes user = secret_part(parsed, CURLUPART_USER, CURLU_URLDECODE);
  const WipedBytes password = secret_part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE);
  if (!scheme.starts_with("http") || (user.empty() && password.empty())) return access;

  WipedBytes both(user.view());
  both.push_back(':');
  both.append(password.view());
  WipedBytes encoded;
  encoded.resize((both.size() + 2) / 3 * 4 + 1);  // with a NUL at its end
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), both.bytes().data(), static_cast<int>(both.size()));
  access.authorization.append("Proxy-Authorization: Basic ");
  access.authorization.append(encoded.view());
  curl_url_set(parsed.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(parsed.get(), CURLUPART_PASSWORD, nullptr, 0);
  access.url = secret_part(parsed, CURLUPART_URL, CURLU_NO_GUESS_SCHEME);
  access.url.push_back('\0');
  return access;
}

bool is_same_address(const std::string& a, const std::string& b) {
  const auto first = parse_ip_address(a);
  return first && first == parse_ip_address(b);
}

bool is_loopback_address(const std::string& host) {
  const auto address = parse_ip_address(host);
  if (!address) return false;
  return is_ipv4(*address) ? (*address)[12] == 127 : is_same_address(host, "::1");
}

bool is_link_local_address(const std::string& host) {
  const auto address = parse_ip_address(host);
  if (!address) return false;
  const IpAddress& a = *address;
  if (is_ipv4(a)) return a[12] == 169 && a[13] == 254;
  return (a[0] == 0xFE && (a[1] & 0xC0U) == 0x80) || (a[0] == 0xFD && a[1] == 0 && a[2] == 0x0E && a[3] == 0xC2);
}

}  // namespace sma
