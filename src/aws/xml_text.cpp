#include "aws/xml_text.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/utf8.h"
#include "base/whole_number.h"

namespace sma {
namespace {

constexpr std::size_t kMaxLevels = 64;

/// `entity` is the text between `&` and `;`.
bool append_entity(WipedBytes& target, std::string_view entity) {
  if (entity.starts_with('#')) {
    const int base = entity.starts_with("#x") ? 16 : 10;
    const std::string_view digits = entity.substr(base == 16 ? 2 : 1);
    const auto code = whole_number<std::uint32_t>(digits, base);
    const bool is_character = code && *code != 0 && *code <= 0x10FFFF && !(*code >= 0xD800 && *code <= 0xDFFF);
    if (is_character) append_utf8(target, *code);
    return is_character;
  }
  constexpr std::pair<std::string_view, std::string_view> kNamed[] = {
      {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
  const auto* named = std::ranges::find(kNamed, entity, &std::pair<std::string_view, std::string_view>::first);
  if (named == std::end(kNamed)) return false;
  target.append(named->second);
  return true;
}

bool append_unescaped(WipedBytes& target, std::string_view text) {
  while (!text.empty()) {
    const std::size_t ampersand = std::min(text.find('&'), text.size());
    target.append(text.substr(0, ampersand));
    text.remove_prefix(ampersand);
    if (text.empty()) return true;
    const std::size_t end = text.find(';');
    if (end == std::string_view::npos || !append_entity(target, text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

/// Walks through the elements until the wanted one was closed.
class Search {
 public:
  Search(std::string_view xml, std::string_view parent, std::string_view name)
      : rest_(xml), parent_(parent), name_(name) {}

  std::optional<WipedBytes> run() {
    while (!rest_.empty()) {
      const std::size_t mark = std::min(rest_.find('<'), rest_.size());
      if (wanted_level_ != 0 && open_.size() == wanted_level_ && !append_unescaped(text_, rest_.substr(0, mark))) break;
      rest_.remove_prefix(mark);
      if (rest_.empty() || !read_markup()) break;
      if (found_) return std::move(text_);
    }
    return std::nullopt;
  }

 private:
  /// Takes everything up to the end of `mark` and returns what is before it; none if the mark does not come.
  std::optional<std::string_view> take_until(std::string_view mark) {
    const std::size_t end = rest_.find(mark);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end + mark.size());
    return taken;
  }

  bool read_markup() {
    constexpr std::string_view kData = "<![CDATA[";
    if (rest_.starts_with(kData)) {
      rest_.remove_prefix(kData.size());
      const auto data = take_until("]]>");
      if (data && wanted_level_ != 0 && open_.size() == wanted_level_) text_.append(*data);
      return data.has_value();
    }
    if (rest_.starts_with("<!--")) {
      rest_.remove_prefix(4);
      return take_until("-->").has_value();
    }
    if (rest_.starts_with("<?")) return take_until("?>").has_value();
    const auto tag = take_until(">");
    return tag && !tag->starts_with("<!") && read_tag(tag->substr(1));
  }

  bool read_tag(std::string_view tag) {
    if (tag.starts_with('/')) return close(tag.substr(1));
    const bool is_empty = tag.ends_with('/');
    const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/"));
    if (name.empty() || open_.size() == kMaxLevels) return false;
    if (wanted_level_ == 0 && name == name_ && !open_.empty() && open_.back() == parent_)
      wanted_level_ = open_.size() + 1;
    open_.push_back(name);
    return !is_empty || close(name);
  }

  bool close(std::string_view name) {
    name = name.substr(0, name.find_first_of(" \t\r\n"));
    if (open_.empty() || open_.back() != name) return false;
    found_ = open_.size() == wanted_level_;
    open_.pop_back();
    return true;
  }

  std::string_view rest_;
  std::string_view parent_;
  std::string_view name_;
  std::vector<std::string_view> open_;
  std::size_t wanted_level_ = 0;
  bool found_ = false;
  WipedBytes text_;
};

}  // namespace

std::optional<WipedBytes> xml_text(std::string_view xml, std::string_view parent, std::string_view name) {
  return Search(xml, parent, name).run();
}

}  // namespace sma
