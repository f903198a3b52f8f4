#include "agent/configuration/nearest_word.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "base/ascii.h"

namespace sma {
namespace {

constexpr std::size_t kLongest = 64;
constexpr unsigned kLeftOut = 1;
constexpr unsigned kSwapped = 1;
constexpr unsigned kAdded = 2;
constexpr unsigned kReplaced = 3;

bool is_same(char a, char b) { return to_lower(a) == to_lower(b); }

/// The position of `typed` in `word`; npos if it is not in it.
std::size_t place_in(std::string_view typed, std::string_view word) {
  for (std::size_t begin = 0; begin + typed.size() <= word.size(); ++begin) {
    if (equals_ignoring_case(typed, word.substr(begin, typed.size()))) return begin;
  }
  return std::string_view::npos;
}

/// The cost of the mistakes that make `typed` of `word`. Source: the optimal string alignment distance, with weights.
unsigned distance(std::string_view typed, std::string_view word) {
  std::array<std::array<unsigned, kLongest + 1>, kLongest + 1> cost{};
  for (std::size_t i = 1; i <= typed.size(); ++i) cost[i][0] = cost[i - 1][0] + kAdded;
  for (std::size_t j = 1; j <= word.size(); ++j) cost[0][j] = cost[0][j - 1] + kLeftOut;
  for (std::size_t i = 1; i <= typed.size(); ++i) {
    for (std::size_t j = 1; j <= word.size(); ++j) {
      const bool same = is_same(typed[i - 1], word[j - 1]);
      cost[i][j] =
          std::min({cost[i - 1][j] + kAdded, cost[i][j - 1] + kLeftOut, cost[i - 1][j - 1] + (same ? 0 : kReplaced)});
      if (i > 1 && j > 1 && is_same(typed[i - 1], word[j - 2]) && is_same(typed[i - 2], word[j - 1]))
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + kSwapped);
    }
  }
  return cost[typed.size()][word.size()];
}

}  // namespace

std::string_view nearest_word(std::string_view typed, std::span<const std::string_view> words) {
  std::string_view nearest;
  unsigned least = std::numeric_limits<unsigned>::max();
  for (const std::string_view word : words) {
    unsigned cost = distance(typed.substr(0, kLongest), word.substr(0, kLongest));
    // A whole end that was left out counts as one letter, and a whole beginning too.
    if (const std::size_t begin = place_in(typed, word); begin != std::string_view::npos)
      cost = std::min(cost, begin == 0 ? kLeftOut : 2 * kLeftOut);
    if (cost >= least) continue;
    least = cost;
    nearest = word;
  }
  return nearest;
}

}  // namespace sma
