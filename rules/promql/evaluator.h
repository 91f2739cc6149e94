// SPDX-License-Identifier: Apache-2.0
// Evaluates one query. Every node is evaluated once, for all steps at once, into a Block; every
// selector asks the Querier once. So the cost of labels, groups and matches is paid per series, not
// per step.
#pragma once

#include <deque>
#include <functional>
#include <string_view>
#include <vector>

#include "rules/promql/annotations.h"
#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "rules/promql/duration_expr.h"
#include "rules/promql/engine.h"
#include "rules/promql/histogram/histogram_arena.h"
#include "rules/promql/limits.h"
#include "rules/promql/pair_arena.h"
#include "rules/promql/range_window.h"

namespace outrider::promql {

struct WindowNotes;  // rules/promql/functions/window_notes.h

// The query as a whole; step 0 means an instant query.
struct QueryContext {
  std::string_view text;
  Timestamp start = 0;
  Timestamp end = 0;
  DurationMs step = 0;
  bool is_range = false;
  QueryStats* stats = nullptr;  // may be null
};

// What of a sample is wanted: times in seconds (with kFloatTime a histogram stands for itself), the
// start time 0 where it is not known.
enum class SampleField { kValue, kTime, kFloatTime, kStart };

// One per query; not thread-safe. Blocks point into it: it must outlive them.
class Evaluator {
 public:
  Evaluator(const EngineOptions& options, const Querier& querier, const Clock& clock,
            const QueryContext& query);

  // Of expressions of type scalar and instant vector.
  StatusOr<Block> Eval(const Expr& expr, const Steps& steps);
  // Of range vectors: selectors and subqueries, in parentheses or not. Calls `use` for some series
  // at a time; what is in the data is gone afterwards, but labels and histograms stay.
  using RangeSink = std::function<Status(const RangeData&)>;
  Status EachRange(const Expr& expr, const Steps& steps, bool want_starts, const RangeSink& use);
  // Selectors and calls of range functions over selectors can come some series at a time: then
  // EachBlock() gives what Eval() would, in blocks that are gone after their use. Stops at the
  // first error.
  bool ComesInPieces(const Expr& expr, const Steps& steps) const;
  using BlockSink = std::function<Status(const Block&)>;
  Status EachBlock(const Expr& expr, const Steps& steps, const BlockSink& use);
  // `pos`: where annotations point.
  StatusOr<Block> EvalSelector(const VectorSelector& selector, const Steps& steps,
                               SampleField field, uint32_t pos = 0);
  // What a duration is worth in this query.
  StatusOr<DurationMs> DurationOf(const DurationSpec& spec) const {
    return ResolveDuration(spec, DurationsOfQuery());
  }
  // A string literal, maybe in parentheses.
  static const std::string& TextOf(const Expr& expr);

  // Keeps labels alive as long as the query.
  const SeriesLabels* Own(Labels labels);
  const SeriesLabels* Own(const LabelTable& table, std::span<const PairId> pairs);
  HistogramArena& arena() { return arena_; }
  // Of histograms that were selected or made: nobody frees them before the query ends.
  Status CheckArena() const {
    return arena_.cost() + budget_.live() > budget_.max() ? TooManySamples() : Status();
  }
  // Whether the row's metric name does not exist any more in the eyes of label operations.
  bool NameGone(const Row& row) const { return row.drop_name && !options_.delayed_name_removal; }
  bool delayed() const { return options_.delayed_name_removal; }
  bool uses_starts() const { return options_.use_start_timestamps; }
  // Marks the names of all rows as dropped; rows that become equal merge, or fail when they have a
  // step in common. Of functions over ranges they always fail, as in Prometheus.
  enum class WhenEqual { kMerge, kFail };
  Status DropNames(Block* block, WhenEqual when = WhenEqual::kMerge) const;
  Annotations& annotations() { return annotations_; }
  // What the windows of a row gave reason to say.
  void Tell(const WindowNotes& notes, const Row& row, uint32_t pos);
  // The same for what will have so many rows.
  Status CheckCells(size_t rows, const Steps& steps) const {
    return rows > budget_.max() / steps.count ? TooManySamples() : Status();
  }
  // Samples that become part of the result.
  Status TakeResult(size_t samples) { return budget_.Take(samples); }
  const QueryContext& query() const { return query_; }
  uint64_t peak_samples() const { return budget_.peak(); }
  Status CheckTimeout() const;
  // For nodes whose rows are not bounded by those of their arguments.
  Status CheckSize(const Block& block) const {
    return block.values.size() > budget_.max() ? TooManySamples() : Status();
  }

 private:
  StatusOr<Block> EvalNode(const Expr& expr, const Steps& steps);
  StatusOr<Block> EvalOnce(const Expr& expr, const Steps& steps);
  StatusOr<Block> EvalUnary(const UnaryExpr& node, const Steps& steps);
  StatusOr<Block> EvalCall(const Expr& expr, const Call& call, const Steps& steps);
  StatusOr<std::vector<Block>> EvalScalars(const Call& call, const Steps& steps);
  StatusOr<Block> EvalElements(const Call& call, const Steps& steps);
  StatusOr<Block> EvalWindows(const Call& call, const Steps& steps);
  void NoteCounter(const FunctionEntry& function, const Row& row, uint32_t pos);
  // window_call.cc: a call of a range function.
  struct WindowCall {
    const FunctionEntry& function;
    const std::vector<Block>& scalars;
    uint32_t pos;
  };
  Status AddWindows(const WindowCall& call, const RangeData& data, const Steps& steps,
                    Block* block);
  Status AddLanes(const WindowCall& call, const RangeData& data, const Steps& steps, size_t* next,
                  Block* block) const;
  Status AddSeries(const WindowCall& call, const RangeData& data, const RangeSeries& series,
                   const Steps& steps, Block* block);
  static Status CheckExtension(const FunctionEntry& function, const Expr& arg);
  // `use` is called after each piece is added; what it leaves in the block stays.
  Status EachWindows(const Call& call, const Steps& steps, Block* block,
                     const std::function<Status()>& use);
  Status TryEachBlock(const Expr& expr, const Steps& steps, const BlockSink& use);
  Status UsePiece(const BlockSink& use, Block* block);
  // mixed_call.cc
  StatusOr<bool> SlideMixed(const WindowCall& call, const RangeData& data,
                            const RangeSeries& series, const Steps& steps, size_t row,
                            Block* block);

  // selector.cc
  struct Pin {
    bool pinned = false;
    Timestamp at = 0;
    DurationMs offset = 0;
  };
  StatusOr<Pin> Resolve(const TimeModifier& time) const;
  // Some of the series of a selector; the samples are gone after its use.
  struct Piece {
    SeriesSet& set;
    std::span<const SeriesLabels> labels;  // of the set's rows
    bool one_name = false;
  };
  struct Wanted {
    bool starts = false;
    bool newest_will_do = false;  // as in SeriesSet
  };
  Status EachPiece(const VectorSelector& selector, const TimeRange& range, Wanted wanted,
                   const std::function<Status(const Piece&)>& use);
  // Keeps what blocks will point at.
  std::span<const SeriesLabels> KeepLabels(SeriesSet* set);
  // What an instant selector's steps see.
  struct Sight {
    Steps steps;
    SampleField field;
    bool smoothed;
    uint32_t pos;
  };
  Status AddSelected(const Piece& piece, const Sight& seen, Block* block);
  Status EachSelected(const VectorSelector& selector, const Sight& seen, Block* block,
                      const std::function<Status()>& use);
  StatusOr<Sight> SightOf(const VectorSelector& selector, const Steps& steps, SampleField field,
                          uint32_t pos) const;

  // range_selector.cc
  Status EachMatrix(const MatrixSelector& matrix, const Steps& steps, bool want_starts,
                    const RangeSink& use);
  StatusOr<RangeData> EvalSubquery(const Subquery& subquery, const Steps& steps);
  void AddSubqueryRow(const Block& block, size_t row, const Steps& inner, RangeData* data);
  DurationContext DurationsOfQuery() const { return {query_.step, query_.end - query_.start}; }

  const EngineOptions options_;
  const Querier& querier_;
  const Clock& clock_;
  const QueryContext query_;
  const int64_t deadline_nanos_;
  SampleBudget budget_;
  QueryStats* stats_;  // of what is being evaluated; may be null
  Annotations annotations_;
  std::deque<SeriesLabels> labels_;
  PairArena pairs_;  // theirs
  std::deque<std::vector<SeriesLabels>> selected_labels_;
  std::vector<LabelPin> pins_;  // of these
  std::deque<std::vector<HistogramSample>> selected_histograms_;
  HistogramArena arena_;
};

}  // namespace outrider::promql
