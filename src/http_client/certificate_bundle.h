#pragma once

#include <string_view>

#include "base/result.h"

namespace sma {

/// Whether OpenSSL can read a bundle of certificate authorities (PEM). It takes all of a bundle or nothing, and says so
/// only when the first connection is made. Other blocks, a key for example, and text between the blocks are ignored.
///
/// Faults: there is no certificate; a block is broken, or two are glued together. The message says which block, counted
/// from 1, and quotes nothing.
[[nodiscard]] Result<Done> check_certificate_bundle(std::string_view pem);

}  // namespace sma
