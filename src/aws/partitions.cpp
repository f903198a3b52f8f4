#include "aws/partitions.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace sma {
namespace {

using Id = Partition::Id;

constexpr std::array<Partition, 8> kPartitions = {{
    {Id::aws, "amazonaws.com", "api.aws"},
    {Id::aws_us_gov, "amazonaws.com", "api.aws"},
    {Id::aws_cn, "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {Id::aws_iso, "c2s.ic.gov", "api.aws.ic.gov"},
    {Id::aws_iso_b, "sc2s.sgov.gov", "api.aws.scloud"},
    {Id::aws_iso_e, "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {Id::aws_iso_f, "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {Id::aws_eusc, "amazonaws.eu", "api.amazonwebservices.eu"},
}};

struct RegionForm {
  std::string_view text;
  Id partition;
};

/// The part of a region's name before `-WORD-NUMBER`.
constexpr std::array<RegionForm, 7> kPrefixes = {{
    {"us-gov", Id::aws_us_gov},
    {"cn", Id::aws_cn},
    {"us-iso", Id::aws_iso},
    {"us-isob", Id::aws_iso_b},
    {"eu-isoe", Id::aws_iso_e},
    {"us-isof", Id::aws_iso_f},
    {"eusc-de", Id::aws_eusc},
}};

/// Of the partition that all other forms belong to as well.
constexpr std::array<std::string_view, 9> kPrefixesOfAws = {"us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"};

constexpr std::array<RegionForm, 7> kGlobalRegions = {{
    {"aws-global", Id::aws},
    {"aws-us-gov-global", Id::aws_us_gov},
    {"aws-cn-global", Id::aws_cn},
    {"aws-iso-global", Id::aws_iso},
    {"aws-iso-b-global", Id::aws_iso_b},
    {"aws-iso-e-global", Id::aws_iso_e},
    {"aws-iso-f-global", Id::aws_iso_f},
}};

bool is_word_character(char c) { return is_letter_or_digit(c) || c == '_'; }

/// Empty if `region` does not end in `-WORD-NUMBER`.
std::string_view prefix_of(std::string_view region) {
  const std::size_t number = region.rfind('-');
  if (number == std::string_view::npos || number == 0) return {};
  const std::size_t word = region.rfind('-', number - 1);
  if (word == std::string_view::npos) return {};
  const std::string_view digits = region.substr(number + 1);
  const std::string_view letters = region.substr(word + 1, number - word - 1);
  if (digits.empty() || letters.empty()) return {};
  if (!std::ranges::all_of(digits, is_digit) || !std::ranges::all_of(letters, is_word_character)) return {};
  return region.substr(0, word);
}

template <std::size_t count>
Id find(const std::array<RegionForm, count>& forms, std::string_view text, Id otherwise) {
  const auto* form = std::ranges::find(forms, text, &RegionForm::text);
  return form == forms.end() ? otherwise : form->partition;
}

}  // namespace

const Partition& partition_of(std::string_view region) {
  const Id id = find(kPrefixes, prefix_of(region), find(kGlobalRegions, region, Id::aws));
  return *std::ranges::find(kPartitions, id, &Partition::id);
}

bool is_known_region(std::string_view region) {
  const std::string_view prefix = prefix_of(region);
  return std::ranges::find(kPrefixesOfAws, prefix) != kPrefixesOfAws.end() ||
         std::ranges::find(kPrefixes, prefix, &RegionForm::text) != kPrefixes.end() ||
         std::ranges::find(kGlobalRegions, region, &RegionForm::text) != kGlobalRegions.end();
}

}  // namespace sma
