#pragma once

#include <cstdint>

#include "http_server/request.h"

namespace sma {

/// How far a parser came with the bytes that are there: it waits for more, it is done, or it refuses them.
struct Progress {
  enum class State : std::uint8_t { incomplete, complete, refused };

  constexpr Progress(State state_reached) : state(state_reached) {}
  constexpr Progress(const Refusal& why) : state(State::refused), refusal(why) {}

  State state;
  Refusal refusal{};  ///< why, if it is refused
};

}  // namespace sma
