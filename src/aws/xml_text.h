#pragma once

#include <optional>
#include <string_view>

#include "base/wiped_bytes.h"

namespace sma {

/// The text of the first element `name` whose parent is `parent`, entities and CDATA decoded; none if there is no
/// such element, or if the text before it is no XML. As much of XML 1.0 as STS writes; a prefix (`ns:`) counts as part
/// of a name.
[[nodiscard]] std::optional<WipedBytes> xml_text(std::string_view xml, std::string_view parent, std::string_view name);

}  // namespace sma
