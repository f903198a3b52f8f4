#include "http_server/kept_request.h"

namespace sma {

KeptRequest::KeptRequest(const ServerRequest& request) {
  std::size_t size = request.method.size() + request.path.size() + request.query.size();
  for (const ServerField& field : request.fields()) size += field.name.size() + field.value.size();
  text_.reserve(size);
  request_.method = keep(request.method);
  request_.path = keep(request.path);
  request_.query = keep(request.query);
  request_.minor_version = request.minor_version;
  request_.admission = request.admission;
  for (const ServerField& field : request.fields()) request_.add_field({keep(field.name), keep(field.value)});
}

std::string_view KeptRequest::keep(std::string_view text) {
  const std::size_t begin = text_.size();
  text_.append(text);
  return text_.view().substr(begin);
}

}  // namespace sma
