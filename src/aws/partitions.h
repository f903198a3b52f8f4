#pragma once

#include <string_view>

namespace sma {

/// A part of AWS with names and accounts of its own. Source: botocore, `partitions.json`.
struct Partition {
  enum class Id { aws, aws_us_gov, aws_cn, aws_iso, aws_iso_b, aws_iso_e, aws_iso_f, aws_eusc };
  Id id;
  std::string_view dns_suffix;
  std::string_view dual_stack_dns_suffix;
};

/// By the region's form, whether or not there is such a region; `aws` if no partition has regions of that form.
[[nodiscard]] const Partition& partition_of(std::string_view region);

/// A partition has regions of this form.
[[nodiscard]] bool is_known_region(std::string_view region);

}  // namespace sma
