#pragma once

#include <memory>
#include <optional>

#include "aws/aws_context.h"
#include "aws/credentials/credentials.h"

namespace sma {

/// Keeps the credentials of one source and renews them ahead of expiry, in the background, while the old ones are in
/// use. However many ask, one load is under way at a time; each waits for it until its own deadline.
///
///   - Renewal begins 5 minutes before expiry. Credentials that come with less than that left are used all the same.
///     The source is then asked again once a minute, up to a quarter later at random. So it is after a failed renewal.
///   - Expired credentials are not returned, unless the source returned them expired.
///   - Keys that AWS refuses are renewed once, however many calls were refused. If the source has no others, it is
///     asked again for refused ones only after such a minute.
///   - A failed renewal is transient, so that cached secrets are served, however long it lasts. A refusal by the source
///     is so for an hour after the keys ran out. What STS answered to the assumption of a `roleArn` stays as it is.
///   - If nothing was ever held, a failed load is not repeated within a second: the callers get its fault.
class CachedCredentials final : public CredentialsProvider {
 public:
  /// When a source that gave nothing new may be asked again.
  struct Patience {
    Nanoseconds after_first_fault = Seconds{1};
    bool after_refusal = true;  ///< false: it costs nothing to ask, as with a file
  };
  /// All must outlive this object.
  CachedCredentials(CredentialsSource& source, const AwsContext& context, Patience patience);
  CachedCredentials(CredentialsSource& source, const AwsContext& context)
      : CachedCredentials(source, context, Patience{}) {}

  Task<Result<SharedCredentials>> get(TimePoint deadline) override;
  Task<Result<SharedCredentials>> renew(SharedCredentials refused, TimePoint deadline) override;

  /// Asks the source now, in the background: it is known to have changed.
  void ask_again();

  /// There are some that may sign calls now.
  [[nodiscard]] bool usable() const;
  /// Those held, also expired ones; null if there are none.
  [[nodiscard]] SharedCredentials held() const { return held_; }

 private:
  struct Load;
  class RenewalTimer final : public Timer {
   public:
    explicit RenewalTimer(CachedCredentials& owner) : Timer(owner.context_.scheduler), owner_(owner) {}
    void run() override { owner_.begin_load(); }

   private:
    CachedCredentials& owner_;
  };

  [[nodiscard]] Fault fault_now() const;
  [[nodiscard]] Nanoseconds ran_out_for() const;
  [[nodiscard]] bool must_wait() const { return last_fault_.has_value() && context_.scheduler.now() < ask_at_; }
  std::shared_ptr<Load> begin_load();
  Task<void> run_load(std::shared_ptr<Load> load);
  void count_load(bool succeeded);
  void keep(Credentials loaded);
  void log_kept(const Credentials& loaded, Nanoseconds left);
  void keep_fault(Fault fault);
  [[nodiscard]] Nanoseconds wait_a_while();
  static Task<Result<SharedCredentials>> wait_for(std::shared_ptr<Load> load, TimePoint deadline);
  static Fault refused_again(const Credentials& refused);

  CredentialsSource& source_;
  AwsContext context_;
  Patience patience_;

  SharedCredentials held_;
  bool came_expired_ = false;            // the source gave them so; used until it is asked again
  std::optional<Fault> last_fault_;      // of the last load, if that failed
  TimePoint ask_at_ = TimePoint::max();  // no load before that, but for expired ones after a success
  std::optional<TimePoint> refused_at_;  // when AWS first refused those held
  TimePoint refused_until_{};            // the source had no others for refused keys: it is left alone until then
  bool load_again_ = false;              // the source changed while a load was under way
  std::shared_ptr<Load> load_;
  RenewalTimer timer_;
  TaskSet tasks_;
};

}  // namespace sma
