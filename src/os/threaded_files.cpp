#include "os/threaded_files.h"

#include <utility>

namespace sma {
namespace {

Fault hangs(const std::string& path) {
  return Fault::timeout("cannot read " + path + ": the file system did not answer in time");
}

}  // namespace

Task<Result<Done>> ThreadedFiles::run(std::string path, Question question) const {
  const TimePoint deadline = loop_.now() + kPatience;
  for (auto before = under_way_.by_path.find(path); before != under_way_.by_path.end();
       before = under_way_.by_path.find(path)) {
    const std::shared_ptr<Asked> other = before->second;
    const bool ended = co_await other->ended.wait_until(deadline);
    if (!ended) co_return hangs(path);
  }
  const auto asked = std::make_shared<Asked>(loop_);
  under_way_.by_path.emplace(path, asked);
  under_way_.tasks.start(carry_out(path, std::move(question), asked));
  const bool ended = co_await asked->ended.wait_until(deadline);
  if (!ended) co_return hangs(path);
  if (asked->fault) co_return *asked->fault;
  co_return Done{};
}

Task<void> ThreadedFiles::carry_out(std::string path, Question question, std::shared_ptr<Asked> asked) const {
  // Only values: a question that hangs may outlive this object.
  std::function<Result<Done>()> work = [files = files_, asking = std::move(question)]() -> Result<Done> {
    asking(files);
    return Done{};
  };
  Task<Result<Done>> answering = calls_.run<Done>(BlockingCalls::Kind::file_read, std::move(work), TimePoint::max());
  const Result<Done> answered = co_await std::move(answering);
  if (!answered.ok()) asked->fault = Fault::busy("cannot read " + path + ": " + answered.fault().message);
  under_way_.by_path.erase(path);
  asked->ended.set();
}

}  // namespace sma
