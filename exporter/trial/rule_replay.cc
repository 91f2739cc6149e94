// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/rule_replay.h"

#include <algorithm>
#include <tuple>

namespace outrider {
namespace {

constexpr DurationMs kSlack = 10 * kMinute;
constexpr size_t kWarningsKept = 5;

std::vector<ReplayRule> PlacesOf(const std::vector<RuleGroup>& groups, const RuleContext& context) {
  std::vector<ReplayRule> places;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t r = 0; r < groups[g].rules.size(); ++r) {
      places.push_back({.group = &groups[g],
                        .rule = &groups[g].rules[r],
                        .group_index = g,
                        .rule_index = r,
                        .query_offset = groups[g].query_offset.value_or(context.query_offset)});
    }
  }
  return places;
}

WindowsOptions WindowsFor(const HistoryNeeds& needs, DurationMs longest_piece) {
  WindowsOptions options;
  options.retention = needs.horizon() + longest_piece + kSlack;
  options.unreferenced_retention = options.retention;
  return options;
}

Timestamp RoundUpTo(Timestamp time, DurationMs step) {
  Timestamp rest = time % step;
  if (rest < 0) rest += step;
  return rest == 0 ? time : time + step - rest;
}

}  // namespace

RuleReplay::RuleReplay(std::vector<RuleGroup> groups, ReplayOptions options, const Clock& clock)
    : groups_(std::move(groups)),
      options_(std::move(options)),
      engine_(options_.engine, clock),
      places_(PlacesOf(groups_, options_.context)),
      needs_(places_, options_.engine.lookback),
      windows_(WindowsFor(needs_, options_.longest_piece)),
      querier_(windows_),
      appender_(windows_),
      seams_{[this](const promql::Expression& expression, Timestamp time) {
               return Answer(expression, time);
             },
             [](std::span<const Matcher>, Timestamp, Timestamp) { return true; },
             appender_,
             sink_,
             store_,
             clock},
      stages_(OrderForReplay(places_)) {
  AddPlayers();
  MarkRead();
}

void RuleReplay::AddPlayers() {
  for (const ReplayRule& place : places_) {
    Player player;
    player.place = place;
    player.outcome.file = place.group->file;
    player.outcome.group = place.group->name;
    player.outcome.rule = *place.rule;
    player.outcome.interval =
        place.group->interval > 0
            ? place.group->interval
            : std::max<DurationMs>(options_.context.evaluation_interval, 1);
    player.runner = std::make_unique<RuleRunner>(*place.rule, *place.group, /*id=*/"",
                                                 options_.context, seams_);
    player.only_past = place.rule->expression && ReadsOnlyThePast(*place.rule->expression);
    players_.push_back(std::move(player));
  }
}

// What no rule reads need not be stored.
void RuleReplay::MarkRead() {
  std::vector<std::vector<Matcher>> selectors;
  bool queries = false;  // in texts
  for (const Player& player : players_) {
    const Rule& rule = *player.place.rule;
    for (const auto* texts : {&rule.labels, &rule.annotations}) {
      for (const auto& [name, text] : *texts) queries |= text.find("query") != std::string::npos;
    }
    if (!rule.expression) continue;
    for (auto& reach : rule.expression->Selectors(0)) {
      selectors.push_back(std::move(reach.matchers));
    }
  }
  for (Player& player : players_) {
    player.is_read = queries || std::ranges::any_of(selectors, [&](const auto& matchers) {
                       return MayRead(matchers, *player.place.rule);
                     });
  }
}

Status RuleReplay::Load(const HistoryPiece& piece, Timestamp to) {
  const Status status = piece.ForEach([&](const HistoryRow& row) {
    std::span<const Sample> samples = row.samples;
    std::span<const HistogramSample> histograms = row.histograms;
    const auto name = std::ranges::find(row.labels, kMetricName, &LabelView::name);
    if (name != row.labels.end() && needs_.WritesName(name->value)) {
      const auto kept = std::ranges::lower_bound(samples, options_.start, {}, &Sample::time);
      samples = {samples.begin(), kept};
      const auto kept_too =
          std::ranges::lower_bound(histograms, options_.start, {}, &HistogramSample::time);
      histograms = {histograms.begin(), kept_too};
    }
    AppendCounts counts;
    if (!samples.empty()) counts += windows_.Append(row.labels, samples, Origin::kRemote, to);
    if (!histograms.empty()) {
      counts += windows_.AppendHistograms(row.labels, histograms, {}, Origin::kRemote, to);
    }
    samples_ += counts.accepted;
  });
  windows_.Expire();
  return status;
}

RuleReplay::Slots RuleReplay::SlotsIn(const Player& player, Timestamp after,
                                      Timestamp until) const {
  Slots slots;
  slots.step = player.outcome.interval;
  slots.first = RoundUpTo(after + 1, slots.step);
  if (slots.first <= until) {
    slots.count = static_cast<size_t>((until - slots.first) / slots.step) + 1;
  }
  return slots;
}

bool RuleReplay::Run(Timestamp after, Timestamp until, const std::stop_token& stop,
                     const std::function<void(double)>& progress) {
  size_t done = 0;
  for (const ReplayStage& stage : stages_) {
    if (stop.stop_requested()) return false;
    if (stage.stepwise || options_.stepwise) {
      RunTogether(stage, after, until);
    } else {
      RunAlone(players_[stage.rules[0]], after, until);
    }
    done += stage.rules.size();
    progress(static_cast<double>(done) / static_cast<double>(players_.size()));
  }
  return true;
}

void RuleReplay::RunAlone(Player& player, Timestamp after, Timestamp until) {
  Slots rest = SlotsIn(player, after, until);
  size_t at_once = player.only_past ? rest.count : 1;
  while (rest.count > 0) {
    Slots now = rest;
    now.count = std::min(at_once, rest.count);
    bool too_much = false;
    if (now.count > 1 && !AskAhead(player, now, &too_much) && too_much) {
      at_once = std::max<size_t>(now.count / 2, 1);
      continue;
    }
    for (size_t i = 0; i < now.count; ++i) {
      Evaluate(player, now.first + static_cast<Timestamp>(i) * now.step);
    }
    ahead_.reset();
    rest.first += static_cast<Timestamp>(now.count) * now.step;
    rest.count -= now.count;
  }
}

void RuleReplay::RunTogether(const ReplayStage& stage, Timestamp after, Timestamp until) {
  std::vector<std::pair<Timestamp, size_t>> order;
  for (const size_t rule : stage.rules) {
    const Slots slots = SlotsIn(players_[rule], after, until);
    for (size_t i = 0; i < slots.count; ++i) {
      order.emplace_back(slots.first + static_cast<Timestamp>(i) * slots.step, rule);
    }
  }
  std::ranges::sort(order);
  for (const auto& [ts, rule] : order) Evaluate(players_[rule], ts);
}

bool RuleReplay::AskAhead(const Player& player, const Slots& slots, bool* too_much) {
  const Timestamp first = slots.first - player.place.query_offset;
  const Timestamp last = first + static_cast<Timestamp>(slots.count - 1) * slots.step;
  querier_.SetNow(std::numeric_limits<Timestamp>::max());
  auto result =
      engine_.Range(*player.place.rule->expression, querier_, first, last, slots.step);
  *too_much = !result.ok() && result.status().code() == absl::StatusCode::kResourceExhausted;
  if (!result.ok()) return false;  // each step by itself tells which of them fail
  auto* matrix = std::get_if<promql::Matrix>(&result->value);
  if (matrix == nullptr) return false;
  ahead_.emplace(std::move(*matrix), first, slots.step, slots.count);
  return true;
}

void RuleReplay::Evaluate(Player& player, Timestamp ts) {
  current_ = &player;
  querier_.SetNow(ts);
  appender_.SetIsRead(player.is_read);
  RuleOutcome& outcome = player.outcome;
  outcome.samples += player.runner->Evaluate(ts, player.place.query_offset);
  ++outcome.evaluations;
  if (player.runner->failed()) {
    ++outcome.failures;
    outcome.last_error = player.runner->View().last_error;
  }
  player.recorder.Observe(player.runner->alerts(), ts);
  current_ = nullptr;
}

StatusOr<promql::QueryResult> RuleReplay::Answer(const promql::Expression& expression,
                                                 Timestamp time) {
  const auto& own = current_->place.rule->expression;
  if (ahead_ && own && &own->root() == &expression.root() && ahead_->Holds(time)) {
    return promql::QueryResult{ahead_->At(time), {}, {}};
  }
  promql::QueryResult result = TRY(engine_.Instant(expression, querier_, time));
  for (const std::string& warning : result.warnings) {
    if (current_->outcome.warnings.size() < kWarningsKept) {
      current_->outcome.warnings.insert(warning);
    }
  }
  return result;
}

std::vector<ToldAlerts> RuleReplay::TakeTold() {
  std::vector<ToldAlerts> told = sink_.Take();
  std::ranges::stable_sort(told, {}, &ToldAlerts::now);
  return told;
}

std::vector<RuleOutcome> RuleReplay::Finish() {
  std::vector<RuleOutcome> outcomes;
  for (Player& player : players_) {
    player.outcome.tracks = player.recorder.Finish();
    outcomes.push_back(std::move(player.outcome));
  }
  return outcomes;
}

}  // namespace outrider
