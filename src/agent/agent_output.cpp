#include "agent/agent_output.h"

#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "os/log_file.h"
#include "os/output_descriptor.h"

namespace sma {

AgentOutput::AgentOutput(EventLoop& loop, BlockingCalls& calls, const Settings& settings, bool as_version_3)
    : loop_(loop),
      format_(settings.log_format),
      output_(loop, calls, std::make_shared<OutputDescriptor>(STDOUT_FILENO)),
      errors_(loop, calls, std::make_shared<OutputDescriptor>(STDERR_FILENO)) {
  output_.set_format(format_);
  errors_.set_format(format_);
  if (!settings.log_to_file) return;
  auto file = std::make_shared<LogFile>(kLogFolder, log_file_name(as_version_3));
  fault_ = file->fault();
  log_ = fault_ ? &errors_ : &file_.emplace(loop, calls, std::move(file));
  log_->set_format(format_);
  if (file_) file_->tell_faults_to(errors_);
  loop_.set_end_of_turn(this);
}

void AgentOutput::announce(std::string_view line, Log& log) {
  const bool as_json = format_ == LogFormat::json;
  if (!as_json || log_ != &output_) log.info(line);
  std::string first;
  if (as_json) {
    append_log_line(first, format_, loop_.wall_now(), LogLevel::info, line, {});
  } else {
    first.append(line).push_back('\n');
  }
  output_.write_first(first);
  loop_.set_end_of_turn(this);
}

int AgentOutput::report(const Fault& fault) {
  errors_.write("secrets-manager-agent: " + fault.message + '\n');
  return 1;
}

void AgentOutput::run() {
  output_.run();
  errors_.run();
  if (file_) file_->run();
}

void AgentOutput::flush_at_end() {
  const std::array writers{&output_, &errors_, file_ ? &*file_ : &output_};
  sma::flush_at_end(loop_, writers);
}

}  // namespace sma
