// SPDX-License-Identifier: Apache-2.0
// At each evaluation time: the input up to then, every group, then the alert expectations whose
// time lies before the next evaluation. Expressions are asked at the end, each at its own time.
#include "rules/trial/rule_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "rules/alerting/group.h"
#include "rules/alerting/recording_rule.h"
#include "rules/promql/engine.h"
#include "rules/trial/expectation.h"
#include "rules/trial/histogram_notation.h"
#include "rules/trial/trial_storage.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

// Takes what the rules tell and tells nobody.
class SilentSink final : public AlertSink {
 public:
  Status OnAlerts(std::span<const Alert> /*alerts*/, Batch /*rows*/, Nanos /*now*/) override {
    return {};
  }
};

promql::EngineOptions EngineOptionsOf(const RuleTestFile& file, const promql::Features& features) {
  promql::EngineOptions options;
  options.max_samples = 10'000;  // of one query, as promtool
  options.default_subquery_step = file.evaluation_interval;
  options.delayed_name_removal = features.delayed_name_removal;
  options.use_start_timestamps = features.use_start_timestamps;
  return options;
}

class CaseRunner {
 public:
  CaseRunner(RuleCase rule_case, const RuleTestOptions& options, const Clock& clock)
      : file_(rule_case.file),
        test_(rule_case.test),
        options_(options),
        engine_(EngineOptionsOf(file_, options.features), clock),
        workshop_({.query =
                       [this](const promql::Expression& expression, Timestamp ts) {
                         return engine_.Instant(expression, storage_.querier(), ts);
                       },
                   .querier = storage_.querier(),
                   .lookback = engine_.options().lookback,
                   .appender = storage_,
                   .sink = sink_,
                   .store = store_,
                   .clock = clock},
                  /*share_from=*/0) {
    RuleContext context;
    context.evaluation_interval = test_.interval;
    context.external_labels = Labels::FromMap(test_.external_labels);
    context.external_url = test_.external_url;
    context.promql = options.features.parser;
    for (RuleGroup& group : rule_case.groups) {
      groups_.push_back(std::make_unique<Group>(std::move(group), context, workshop_));
    }
    for (const AlertExpectation& alert : test_.alerts) by_time_.push_back(&alert);
    std::ranges::stable_sort(by_time_, {},
                             [](const AlertExpectation* alert) { return alert->eval_time; });
  }

  RuleCaseOutcome Run() {
    if (Prepare() && RunGroups()) {
      for (const ExprExpectation& expr : test_.exprs) CheckExpression(expr);
    }
    NoteRecorded();
    if (options_.debug) outcome_.dump = Dump();
    return std::move(outcome_);
  }

 private:
  void Fail(const TestPlace& place, const std::string& text) {
    outcome_.failures.push_back(
        fmt::format("{}:{}:{}:\n{}", file_.path, place.line, place.column, text));
  }

  bool Prepare() {
    for (const AlertExpectation& alert : test_.alerts) {
      if (!alert.alertname.empty()) continue;
      const std::string name =
          test_.name.empty() ? "" : fmt::format(" (in TestGroup {})", test_.name);
      Fail(alert.place,
           fmt::format("an item under alert_rule_test misses required attribute alertname at "
                       "eval_time {}{}",
                       FormatDuration(alert.eval_time), name));
      return false;
    }
    const Status status = storage_.SetInput(test_);
    if (!status.ok()) outcome_.failures.push_back(file_.path + ":" + Message(status));
    return status.ok();
  }

  // False: a rule failed, which ends the test.
  bool RunGroups() {
    const DurationMs length = test_.Length();
    for (DurationMs at = 0; at <= length; at += file_.evaluation_interval) {
      const Timestamp ts = test_.start + at;
      const Status advanced = storage_.Advance(ts);
      if (!advanced.ok()) Fail(test_.place, "    " + Message(advanced));
      if (!Evaluate(ts, at)) return false;
      while (next_ < by_time_.size() &&
             by_time_[next_]->eval_time < at + file_.evaluation_interval) {
        CheckAlerts(*by_time_[next_++]);
      }
    }
    return true;
  }

  bool Evaluate(Timestamp ts, DurationMs at) {
    bool sound = true;
    const auto fail = [&](const std::string& rule, const std::string& error) {
      sound = false;
      Fail(test_.place,
           fmt::format("    rule: {}, time: {}, err: {}", rule, FormatDuration(at), error));
    };
    for (const auto& group : groups_) {
      group->Evaluate(ts, 0);
      std::set<std::string> told;  // one error of a rule is enough
      for (const TrialStorage::Refused& refused : storage_.TakeRefused()) {
        if (told.insert(refused.rule).second) fail(refused.rule, refused.error);
      }
      const auto view = group->View();
      for (const RuleView& rule : view->rules) {
        if (WorstState(rule.alerts) != AlertState::kInactive) {
          outcome_.active.insert({group->spec().file, rule.rule->line, rule.rule->column});
        }
        if (rule.health == RuleHealth::kError && !told.contains(rule.rule->name)) {
          fail(rule.rule->name, rule.last_error);
        }
      }
    }
    return sound;
  }

  std::vector<Fact> SeenAlerts(const AlertExpectation& expected) const {
    std::vector<Fact> seen;
    for (const auto& group : groups_) {
      const auto view = group->View();
      for (const RuleView& rule : view->rules) {
        if (rule.rule->kind != RuleKind::kAlerting || rule.rule->name != expected.alertname) {
          continue;
        }
        for (const AlertPtr& alert : rule.alerts) {
          const bool wanted = (alert->state == AlertState::kFiring && expected.firing) ||
                              (alert->state == AlertState::kPending && expected.pending);
          if (!wanted) continue;
          Fact fact{alert->labels.ToMap(), alert->annotations, "", 0, ""};
          if (expected.pending) fact.state = AlertStateText(alert->state);
          seen.push_back(std::move(fact));
        }
      }
    }
    return seen;
  }

  void CheckAlerts(const AlertExpectation& expected) {
    std::vector<Fact> wanted;
    for (const ExpectedAlert& alert : expected.alerts) {
      Fact fact{alert.labels, alert.annotations, "", 0, ""};
      fact.labels[std::string(kAlertName)] = expected.alertname;
      if (expected.pending) fact.state = AlertStateText(alert.state);
      wanted.push_back(std::move(fact));
    }
    const std::vector<Fact> seen = SeenAlerts(expected);
    const CompareOptions compare{expected.match, file_.fuzzy_compare};
    if (MeetsAll(wanted, seen, compare)) return;
    const std::string name = test_.name.empty() ? "" : fmt::format("    name: {},\n", test_.name);
    const std::string what = fmt::format("{}    alertname: {}, time: {}, ", name,
                                         expected.alertname, FormatDuration(expected.eval_time));
    Fail(expected.place, what + Difference(FactKind::kAlert, wanted, seen, compare));
  }

  std::string Difference(FactKind kind, const std::vector<Fact>& wanted,
                         const std::vector<Fact>& seen, const CompareOptions& compare) const {
    if (options_.diff) {
      std::string text = "\n        diff (- expected, + got):";
      const std::string diff = FactsDiff(kind, wanted, seen, compare, options_.color);
      for (const std::string_view line : Split(diff, '\n')) text += fmt::format("\n      {}", line);
      return text;
    }
    const bool alert = kind == FactKind::kAlert;
    return fmt::format("\n        exp:{}{}{}\n        got:{}{}", alert ? "" : " ",
                       FactsText(kind, wanted), alert ? ", " : "", alert ? "" : " ",
                       FactsText(kind, seen));
  }

  void CheckExpression(const ExprExpectation& expected) {
    const std::string what = fmt::format("    expr: {}, time: {},", Quote(expected.expr),
                                         FormatDuration(expected.eval_time));
    const StatusOr<std::vector<Fact>> seen = SeenSamples(expected);
    const StatusOr<std::vector<Fact>> wanted =
        seen.ok() ? WantedSamples(expected) : StatusOr<std::vector<Fact>>(seen.status());
    if (!wanted.ok()) {
      Fail(expected.place, what + " err: " + Message(wanted.status()));
      return;
    }
    const CompareOptions compare{expected.match, file_.fuzzy_compare};
    if (MeetsAll(*wanted, *seen, compare)) return;
    Fail(expected.place, what + Difference(FactKind::kSample, *wanted, *seen, compare));
  }

  StatusOr<std::vector<Fact>> SeenSamples(const ExprExpectation& expected) const {
    const promql::Expression expression =
        TRY(promql::Expression::Parse(expected.expr, options_.features.parser));
    promql::QueryResult result =
        TRY(engine_.Instant(expression, storage_.querier(), test_.start + expected.eval_time));
    std::vector<Fact> seen;
    for (const promql::VectorSample& sample : TRY(ToVector(std::move(result.value)))) {
      Fact fact{sample.labels.ToMap(), {}, "", sample.value, ""};
      if (sample.histogram != nullptr) {
        fact.value = 0;
        fact.histogram = FormatHistogramLiteral(*sample.histogram);
      }
      seen.push_back(std::move(fact));
    }
    return seen;
  }

  static StatusOr<std::vector<Fact>> WantedSamples(const ExprExpectation& expected) {
    std::vector<Fact> wanted;
    for (const ExpectedSample& sample : expected.samples) {
      const std::string_view labels = Trim(sample.labels);
      StatusOr<SeriesLine> line = ParseSeriesLine(labels.empty() ? "{}" : labels);
      if (line.ok() && !line->values.empty()) line = InvalidArgument("values behind the labels");
      if (!line.ok()) return Annotate(line.status(), "labels " + Quote(sample.labels));
      Fact fact{line->labels.ToMap(), {}, "", sample.value, ""};
      if (!sample.histogram.empty()) {
        const auto values = TRY(ParseSequence(sample.histogram));
        if (values.size() != 1 || values[0].histogram == nullptr) {
          return InvalidArgument(fmt::format("labels {}: expected one histogram, got {}",
                                             Quote(sample.labels), Quote(sample.histogram)));
        }
        fact.histogram = FormatHistogramLiteral(*values[0].histogram);
      }
      wanted.push_back(std::move(fact));
    }
    return wanted;
  }

  // Recording rules whose series are there at the end.
  void NoteRecorded() {
    for (const auto& group : groups_) {
      for (const Rule& rule : group->spec().rules) {
        if (rule.kind != RuleKind::kRecording) continue;
        const Matcher named = Matcher::Equal(std::string(kMetricName), rule.name);
        const auto series = storage_.querier().SelectLabels({&named, 1}, kOldest, kNewest);
        if (series.ok() && !series->empty()) {
          outcome_.active.insert({group->spec().file, rule.line, rule.column});
        }
      }
    }
  }

  // All series with their samples, as Prometheus prints a matrix; times from the test's start.
  std::string Dump() const {
    SeriesSet set;
    set.want_histograms = true;
    const Status status =
        storage_.querier().Select({}, kOldest, kNewest, std::numeric_limits<size_t>::max(), &set);
    if (!status.ok()) return Message(status);
    std::string text;
    for (const SeriesSet::Row& row : set.rows) {
      text += row.labels.All().ToString() + " =>\n";
      const auto times = set.Times(row);
      for (size_t i = 0; i < times.size(); ++i) {
        const double value = set.Values(row)[i];
        text += fmt::format("{} @[{}]\n", IsStale(value) ? "stale" : FormatFloatF(value),
                            FormatDuration(times[i] - test_.start));
      }
      for (const HistogramSample& sample : set.Histograms(row)) {
        text += fmt::format("{} @[{}]\n", FormatHistogramLiteral(sample.histogram),
                            FormatDuration(sample.time - test_.start));
      }
    }
    return text;
  }

  static constexpr Timestamp kOldest = std::numeric_limits<Timestamp>::min();
  static constexpr Timestamp kNewest = std::numeric_limits<Timestamp>::max();

  const RuleTestFile& file_;
  const RuleTestCase& test_;
  const RuleTestOptions& options_;
  TrialStorage storage_;
  SilentSink sink_;
  MemoryStore store_;
  const promql::Engine engine_;
  RuleWorkshop workshop_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::vector<const AlertExpectation*> by_time_;
  size_t next_ = 0;
  RuleCaseOutcome outcome_;
};

}  // namespace

RuleCaseOutcome RunRuleCase(RuleCase rule_case, const RuleTestOptions& options,
                            const Clock& clock) {
  return CaseRunner(std::move(rule_case), options, clock).Run();
}

}  // namespace outrider
