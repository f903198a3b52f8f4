#include "tests/unit/http_server/request_cases.h"

#include <string_view>

namespace sma {
namespace {

using std::string_literals::operator""s;

const std::string kHost = "Host: localhost:2773\r\n";

std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\n" + kHost + fields + "\r\n"; }
std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }
std::string line(const std::string& request_line) { return request_line + "\r\n" + kHost + "\r\n"; }
std::string host(const std::string& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; }

std::string many_fields(std::size_t count) {
  std::string fields;
  for (std::size_t i = 0; i < count; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  return fields;
}

void add_request_lines(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, std::string bytes, int status = 400) {
    cases.push_back({name, std::move(bytes), status});
  };
  add("only a method", line("GET"));
  add("HTTP/0.9", "GET /\r\n");
  add("no target", line("GET HTTP/1.1"));
  add("two spaces before the target", line("GET  / HTTP/1.1"));
  add("two spaces before the version", line("GET /  HTTP/1.1"));
  add("a tab for a space", line("GET\t/\tHTTP/1.1"));
  add("a vertical tab for a space", line("GET\v/ HTTP/1.1"));
  add("a space before the method", line(" GET / HTTP/1.1"));
  add("a space after the version", line("GET / HTTP/1.1 "));
  add("a fourth word", line("GET / HTTP/1.1 x"));
  add("a space in the target", line("GET /a b HTTP/1.1"));
  add("a method that is no token", line("G(T / HTTP/1.1"));
  add("a colon in the method", line("GET: / HTTP/1.1"));
  add("a method of obs-text", line("G\xC3\x89T / HTTP/1.1"));
  add("NUL in the method", line("GE\0T / HTTP/1.1"s));
  add("an empty method", line(" / HTTP/1.1"));
  add("lower-case protocol", line("GET / http/1.1"));
  add("another protocol", line("GET / HTTQ/1.1"));
  add("version of one digit", line("GET / HTTP/1"));
  add("version without the dot", line("GET / HTTP/11"));
  add("version of three parts", line("GET / HTTP/1.1.1"));
  add("version with two digits after the dot", line("GET / HTTP/1.10"));
  add("version with two digits before the dot", line("GET / HTTP/01.1"));
  add("version with a letter", line("GET / HTTP/1.x"));
  add("version with a sign", line("GET / HTTP/-1.1"));
  add("version with a comma", line("GET / HTTP/1,1"));
  add("version 2.0", line("GET / HTTP/2.0"), 505);
  add("version 3.0", line("GET / HTTP/3.0"), 505);
  add("version 0.9", line("GET / HTTP/0.9"), 505);
  add("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
  add("the first bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"s);
  add("the first bytes of TLS, without an end", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s);
  add("something else without an end", "\x80\x04\x01\x00"s);
  add("a method that is no token, without an end", "GE(" + std::string(20000, 'T'));
  add("bare CRs in place of line ends", "GET / HTTP/1.1\rHost: x\r\r");
  add("a bare CR in a long request line without an end", "GET /\r" + std::string(20000, 'a'));
  add("request line of 8193 bytes", "GET /" + std::string(8193 - 14, 'a') + " HTTP/1.1\r\n", 414);
  add("request line without an end", "GET /" + std::string(9000, 'a'), 414);
  add("a method without an end", std::string(9000, 'A'), 414);
  add("no CR", "GET / HTTP/1.1\nHost: x\n\n");
  add("no CR after the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n");
  add("CR in the request line", line("GET /\r HTTP/1.1"));
  add("CR alone after the request line", "GET / HTTP/1.1\rHost: x\r\n\r\n");
  add("two CRs after the request line", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n");
  add("a bare LF before the request line", "\n" + get(""));
  add("a bare CR before the request line", "\r" + get(""));
  add("too many blank lines before the request line", "\r\n\r\n\r\n\r\n\r\n\r\n" + get(""));
  add("white space in a blank line before the request line", " \r\n" + get(""));
}

void add_targets(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, const std::string& target, const std::string& method = "GET") {
    cases.push_back({name, line(method + " " + target + " HTTP/1.1"), 400});
  };
  add("target without a slash", "ping");
  add("target that begins with a query", "?x=1");
  add("fragment", "/ping#top");
  add("NUL in the target", "/pi\0ng"s);
  add("DEL in the target", "/ping\x7F");
  add("control character in the target", "/ping\x01");
  add("tab in the target", "/pi\tng");
  add("bare UTF-8 in the target", "/v1/sch\xC3\xBCssel");
  add("asterisk with GET", "*");
  add("asterisk and more", "*x", "OPTIONS");
  add("authority with GET", "localhost:2773");
  add("CONNECT with a path", "/ping", "CONNECT");
  add("CONNECT without a port", "localhost", "CONNECT");
  add("CONNECT with an empty port", "localhost:", "CONNECT");
  add("CONNECT with a scheme", "http://localhost:2773", "CONNECT");
  add("absolute, another scheme", "ftp://localhost/ping");
  add("absolute, https", "https://localhost/ping");
  add("absolute, no host", "http:///ping");
  add("absolute, a port alone", "http://:2773/ping");
  add("absolute, user information", "http://user@localhost/ping");
  add("absolute, a port of letters", "http://localhost:http/ping");
  add("absolute, a backslash", "http://localhost\\ping");
  add("absolute, one slash", "http:/localhost/ping");
}

void add_fields(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, std::string fields, int status = 400) {
    cases.push_back({name, get(fields), status});
  };
  add("space before the colon", "X-A : b\r\n");
  add("tab before the colon", "X-A\t: b\r\n");
  add("space before the colon of Content-Length", "Content-Length : 5\r\n");
  add("space before the colon of Transfer-Encoding", "Transfer-Encoding : chunked\r\n");
  add("folded with a space", "X-A: b\r\n c\r\n");
  add("folded with a tab", "X-A: b\r\n\tc\r\n");
  add("a line of a space only", "X-A: b\r\n \r\n");
  add("no colon", "X-A b\r\n");
  add("an empty name", ": b\r\n");
  add("a space in the name", "X A: b\r\n");
  add("a slash in the name", "X/A: b\r\n");
  add("a bracket in the name", "X[A]: b\r\n");
  add("obs-text in the name", "X-\xC3\xA4: b\r\n");
  add("NUL in the name", "X-\0: b\r\n"s);
  add("DEL in the name", "X-\x7F: b\r\n");
  add("NUL in the value", "X-A: b\0c\r\n"s);
  add("control character in the value", "X-A: b\x01\r\n");
  add("escape in the value", "X-A: \x1B[31m\r\n");
  add("DEL in the value", "X-A: b\x7F\r\n");
  add("vertical tab before the value", "Transfer-Encoding:\vchunked\r\n");
  add("form feed before the value", "Content-Length:\f5\r\n");
  add("CR in the value", "X-A: b\rc\r\n");
  add("CR before the CR LF", "X-A: b\r\r\n");
  add("a field hidden after a CR", "X-A: b\rTransfer-Encoding: chunked\r\n");
  add("bare LF after a field", "X-A: b\nX-B: c\r\n");
  add("101 fields", many_fields(100), 431);
  add("one field of 64 KiB", "X-A: " + std::string(65536, 'b') + "\r\n", 431);
  add("a name of 64 KiB", std::string(65536, 'b') + ": c\r\n", 431);
  cases.push_back({"a fold before the first field", "GET / HTTP/1.1\r\n " + kHost + "\r\n", 400});
  cases.push_back({"the head ends in a bare LF", "GET / HTTP/1.1\r\n" + kHost + "\n", 400});
  cases.push_back({"the head ends in CR CR LF", "GET / HTTP/1.1\r\n" + kHost + "\r\r\n", 400});
  cases.push_back({"a bare CR in a field without an end", "GET / HTTP/1.1\r\nX-A: b\rc", 400});
  cases.push_back(
      {"a bare CR in a long field without an end", "GET / HTTP/1.1\r\nX-A: b\r" + std::string(70000, 'c'), 400});
  cases.push_back({"a bare CR and a bare LF in a field", "GET / HTTP/1.1\r\nX-A: b\rc\n", 400});
  cases.push_back({"a bare CR before a field", "GET / HTTP/1.1\r\n\rX-A: b\r\n\r\n", 400});
  cases.push_back({"head without an end", "GET / HTTP/1.1\r\nX-A: " + std::string(70000, 'b'), 431});
}

void add_hosts(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, std::string bytes) { cases.push_back({name, std::move(bytes), 400}); };
  add("no Host", "GET / HTTP/1.1\r\n\r\n");
  add("no Host with an absolute target", "GET http://localhost/ HTTP/1.1\r\n\r\n");
  add("Host twice", get("Host: localhost:2773\r\n"));
  add("two Hosts", get("host: evil\r\n"));
  add("Host twice in HTTP/1.0", "GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n");
  add("bad Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n");
  add("Host with a space", host("local host"));
  add("Host of two names", host("a, b"));
  add("Host with a path", host("localhost/ping"));
  add("Host with user information", host("user@localhost"));
  add("Host with a scheme", host("http://localhost"));
  add("Host with a port of letters", host("localhost:http"));
  add("Host with a negative port", host("localhost:-1"));
  add("Host with two ports", host("localhost:1:2"));
  add("Host of a port alone", host(":2773"));
  add("Host with a bad escape", host("local%zzhost"));
  add("Host with half an escape", host("localhost%2"));
  add("Host with an open bracket", host("[::1"));
  add("Host with empty brackets", host("[]:2773"));
  add("Host with text after the brackets", host("[::1]x:2773"));
  add("Host with a query", host("localhost?x"));
  add("Host with obs-text", host("l\xC3\xB6"
                                 "calhost"));
}

void add_lengths(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, const std::string& fields, int status = 400) {
    cases.push_back({name, post(fields, "hello"), status});
  };
  add("Content-Length twice, differing", "Content-Length: 5\r\nContent-Length: 6\r\n");
  add("Content-Length twice, the same", "Content-Length: 5\r\nContent-Length: 5\r\n");
  add("Content-Length as a list, differing", "Content-Length: 5, 6\r\n");
  add("Content-Length as a list of the same", "Content-Length: 5, 5\r\n");
  add("Content-Length with a comma after it", "Content-Length: 5,\r\n");
  add("Content-Length with a plus", "Content-Length: +5\r\n");
  add("Content-Length with a minus", "Content-Length: -5\r\n");
  add("Content-Length in hexadecimal", "Content-Length: 0x5\r\n");
  add("Content-Length as a float", "Content-Length: 5.0\r\n");
  add("Content-Length with an exponent", "Content-Length: 5e0\r\n");
  add("Content-Length with an underscore", "Content-Length: 1_0\r\n");
  add("Content-Length with text after it", "Content-Length: 5 bytes\r\n");
  add("Content-Length with a space inside", "Content-Length: 1 0\r\n");
  add("Content-Length in quotes", "Content-Length: \"5\"\r\n");
  add("Content-Length of other digits", "Content-Length: \xD9\xA5\r\n");
  add("empty Content-Length", "Content-Length:\r\n");
  add("Content-Length over the limit", "Content-Length: 262145\r\n", 413);
  add("Content-Length of 2^64", "Content-Length: 18446744073709551616\r\n", 413);
  add("Content-Length of forty digits", "Content-Length: " + std::string(40, '9') + "\r\n", 413);
  add("Content-Length and Transfer-Encoding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
  add("Transfer-Encoding and Content-Length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
  add("Transfer-Encoding and Content-Length 0", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n");
  add("unknown transfer coding", "Transfer-Encoding: gzip\r\n");
  add("chunked and another coding", "Transfer-Encoding: gzip, chunked\r\n");
  add("another coding after chunked", "Transfer-Encoding: chunked, gzip\r\n");
  add("chunked twice", "Transfer-Encoding: chunked, chunked\r\n");
  add("chunked on two lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
  add("chunked and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n");
  add("identity", "Transfer-Encoding: identity\r\n");
  add("xchunked", "Transfer-Encoding: xchunked\r\n");
  add("chunked with text after it", "Transfer-Encoding: chunked x\r\n");
  add("chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n");
  add("chunked with a parameter", "Transfer-Encoding: chunked;a=b\r\n");
  add("chunked after a comma", "Transfer-Encoding: ,chunked\r\n");
  add("empty Transfer-Encoding", "Transfer-Encoding:\r\n");
  add("chunked with obs-text after it", "Transfer-Encoding: chunked\xA0\r\n");
  cases.push_back(
      {"Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400});
  add("unknown expectation", "Expect: coffee\r\nContent-Length: 5\r\n", 417);
  add("two expectations", "Expect: 100-continue, coffee\r\nContent-Length: 5\r\n", 417);
  add("an expectation with a parameter", "Expect: 100-continue;q=1\r\nContent-Length: 5\r\n", 417);
}

void add_chunks(std::vector<RequestCase>& cases) {
  const auto add = [&](const char* name, const std::string& body, int status = 400) {
    cases.push_back({name, chunked(body), status});
  };
  add("chunk size 0x5", "0x5\r\nhello\r\n0\r\n\r\n");
  add("chunk size +5", "+5\r\nhello\r\n0\r\n\r\n");
  add("chunk size -5", "-5\r\nhello\r\n0\r\n\r\n");
  add("space before the chunk size", " 5\r\nhello\r\n0\r\n\r\n");
  add("space after the chunk size", "5 \r\nhello\r\n0\r\n\r\n");
  add("tab after the chunk size", "5\t\r\nhello\r\n0\r\n\r\n");
  add("empty chunk size", "\r\nhello\r\n0\r\n\r\n");
  add("empty chunk size with an extension", ";a\r\nhello\r\n0\r\n\r\n");
  add("chunk size of other letters", "g\r\nhello\r\n0\r\n\r\n");
  add("chunk size with an underscore", "1_0\r\nhello\r\n0\r\n\r\n");
  add("chunk size of 17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n");
  add("chunk size over 2^64", "10000000000000005\r\nhello\r\n0\r\n\r\n");
  add("chunk size of 2^64 - 1", "ffffffffffffffff\r\nhello", 413);
  add("chunk size over the limit", "40001\r\nhello", 413);
  add("chunks over the limit together", "3ffff\r\n" + std::string(0x3ffff, 'x') + "\r\n2\r\n", 413);
  add("bare LF after the chunk size", "5\nhello\r\n0\r\n\r\n");
  add("bare CR after the chunk size", "5\rhello\r\n0\r\n\r\n");
  add("CR CR LF after the chunk size", "5\r\r\nhello\r\n0\r\n\r\n");
  add("bare LF after the data", "5\r\nhello\n0\r\n\r\n");
  add("bare CR after the data", "5\r\nhello\r0\r\n\r\n");
  add("nothing after the data", "5\r\nhello0\r\n\r\n");
  add("two bytes of something after the data", "5\r\nhelloXX0\r\n\r\n");
  add("data longer than its size", "3\r\nhello\r\n0\r\n\r\n");
  add("data shorter than its size", "7\r\nhello\r\n0\r\n\r\n");
  add("LF CR after the data", "5\r\nhello\n\r0\r\n\r\n");
  add("bare semicolon", "5;\r\nhello\r\n0\r\n\r\n");
  add("bare LF in an extension", "5;a\nhello\r\n0\r\n\r\n");
  add("bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n");
  add("NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n"s);
  add("space and no semicolon", "5 a\r\nhello\r\n0\r\n\r\n");
  add("extension without a value", "5;a=\r\nhello\r\n0\r\n\r\n");
  add("extension without a name", "5;=b\r\nhello\r\n0\r\n\r\n");
  add("extension with two values", "5;a=b=c\r\nhello\r\n0\r\n\r\n");
  add("extension that ends in a space", "5;a \r\nhello\r\n0\r\n\r\n");
  add("bare LF in a quoted extension", "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n");
  add("CR LF in a quoted extension", "5;a=\"b\r\n0\r\n\r\nGET /\"\r\nhello\r\n0\r\n\r\n");
  add("text after a quoted extension", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n");
  add("extensions without an end", "5;" + std::string(9000, 'a'));
  add("bare LF after the last chunk", "0\n\r\n");
  add("bare LF after the trailers", "0\r\n\n");
  add("bare CR after the trailers", "0\r\n\rX");
  add("space before the colon of a trailer", "0\r\nX-A : b\r\n\r\n");
  add("folded trailer", "0\r\nX-A: b\r\n c\r\n\r\n");
  add("trailer without a colon", "0\r\nGET / HTTP/1.1\r\n\r\n");
  add("trailer without a name", "0\r\n: b\r\n\r\n");
  add("NUL in a trailer", "0\r\nX-A: \0\r\n\r\n"s);
  add("bare LF after a trailer", "0\r\nX-A: b\n\r\n");
  add("bare CR in a trailer", "0\r\nX-A: b\rc\r\n\r\n");
  add("101 trailers", "0\r\n" + many_fields(101) + "\r\n", 431);
  add("trailers without an end", "0\r\nX-A: " + std::string(70000, 'b'), 431);
}

}  // namespace

const std::vector<RequestCase>& malformed_requests() {
  static const std::vector<RequestCase> cases = [] {
    std::vector<RequestCase> all;
    add_request_lines(all);
    add_targets(all);
    add_fields(all);
    add_hosts(all);
    add_lengths(all);
    add_chunks(all);
    return all;
  }();
  return cases;
}

const std::vector<RequestCase>& well_formed_requests() {
  static const std::vector<RequestCase> cases{
      {"plain", get(""), 200},
      {"blank lines before", "\r\n\r\n" + get(""), 200},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
      {"HTTP/1.9", "GET / HTTP/1.9\r\n" + kHost + "\r\n", 200},
      {"an empty Host", host(""), 200},
      {"Host with an empty port", host("localhost:"), 200},
      {"Host of IPv6", host("[::1]:2773"), 200},
      {"Host with an escape", host("a%41:80"), 200},
      {"Host with an underscore", host("secrets_agent"), 200},
      {"absolute", line("GET http://localhost:2773/ping?x=1 HTTP/1.1"), 200},
      {"absolute, upper case, IPv6", line("GET HTTP://[::1]/ping HTTP/1.1"), 200},
      {"absolute, no path", line("GET http://localhost?x HTTP/1.1"), 200},
      {"asterisk", line("OPTIONS * HTTP/1.1"), 200},
      {"authority", line("CONNECT localhost:443 HTTP/1.1"), 200},
      {"a method of its own", line("M-SEARCH!#$ / HTTP/1.1"), 200},
      {"odd bytes in the target", line("GET /a\"<>\\^`{|}[]%?%20&?=% HTTP/1.1"), 200},
      {"no white space after the colon", get("X-A:b\r\n"), 200},
      {"white space around the value", get("X-A: \t b \t \r\n"), 200},
      {"an empty value", get("X-A:\r\nX-B: \r\n"), 200},
      {"obs-text in the value", get("X-A: \xC3\xA4\xFF\r\n"), 200},
      {"a tab in the value", get("X-A: b\tc\r\n"), 200},
      {"100 fields", get(many_fields(99)), 200},
      {"request line of 8192 bytes", line("GET /" + std::string(8192 - 14, 'a') + " HTTP/1.1"), 200},
      {"head of 65536 bytes", get("X-A: " + std::string(65536 - get("X-A: \r\n").size(), 'b') + "\r\n"), 200},
      {"Content-Length", post("Content-Length: 5\r\n", "hello"), 200},
      {"Content-Length 0", post("Content-Length: 0\r\n", ""), 200},
      {"Content-Length with zeros before", post("Content-Length: 0005\r\n", "hello"), 200},
      {"Content-Length at the limit", post("content-length: 262144\r\n", std::string(262144, 'x')), 200},
      {"GET with a body", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\nhello", 200},
      {"an expectation twice", post("Expect: 100-continue\r\nExpect: , 100-Continue\r\n", ""), 200},
      {"an empty expectation", post("Expect:\r\nContent-Length: 5\r\n", "hello"), 200},
      {"chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), 200},
      {"Chunked in other case", post("transfer-encoding:CHUNKED\r\n", "0\r\n\r\n"), 200},
      {"chunks at the limit", chunked("3fffF\r\n" + std::string(0x3ffff, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"), 200},
      {"chunk size with zeros before", chunked("0000000000000005\r\nhello\r\n000\r\n\r\n"), 200},
      {"chunk extensions", chunked("5;a\r\nhello\r\n0;b=c;d=\"e\\\"f;\tg\" ; h = i\r\n\r\n"), 200},
      {"white space around a chunk extension", chunked("5 \t; a \t= \"b\"\r\nhello\r\n0\r\n\r\n"), 200},
      {"trailers", chunked("0\r\nX-A: b\r\nContent-Length: 7\r\nX-Empty:\r\n\r\n"), 200},
      {"data that looks like chunks", chunked("a\r\n\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n"), 200},
  };
  return cases;
}

}  // namespace sma
