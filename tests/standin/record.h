#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/standin/http.h"
#include "tests/standin/json.h"
#include "tests/standin/sigv4_check.h"

namespace sma::standin {

/// One request that the stand-in received, with what became of it.
struct Record {
  std::uint64_t number = 0;      // from 1, in the order of arrival
  std::uint64_t connection = 0;  // from 1: which requests shared a connection
  double time = 0;               // seconds since the epoch, the stand-in's clock
  std::string operation;         // GetSecretValue, AssumeRole, metadata:token, …
  std::string secret_id;  // as sent; for AssumeRole… the role; BatchGetSecretValue: the ids with commas between
  HttpRequest request;
  SignatureCheck signature;
  std::string tls;        // what was agreed on (`TLSv1.3 X25519MLKEM768`), empty without TLS
  std::string tls_group;  // that the client offered first
  int status = 0;         // of the answer; 0 while there is none, or where a fault sent none
};

/// With `whole`, request headers and body too.
[[nodiscard]] Json to_json(const Record& record, bool whole);

}  // namespace sma::standin
