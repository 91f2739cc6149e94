// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/unified_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace outrider {
namespace {

constexpr size_t kContext = 3;
constexpr size_t kMostChanges = 2000;  // memory grows with its square

using Lines = std::vector<std::string_view>;

// With their line ends.
Lines LinesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

struct Step {
  char mark;  // ' ', '-', '+'
  size_t old_line;
  size_t new_line;
};

// How far each diagonal reached after so many changes.
using Frontier = std::vector<size_t>;

class Myers {
 public:
  Myers(const Lines& a, const Lines& b) : a_(a), b_(b) {}

  // From the first to the last line.
  std::vector<Step> Steps() {
    const size_t most = std::min(a_.size() + b_.size(), kMostChanges);
    for (size_t changes = 0; changes <= most; ++changes) {
      if (Advance(changes)) return Back(changes);
    }
    return Everything();
  }

 private:
  size_t Index(ptrdiff_t diagonal) const {
    return static_cast<size_t>(diagonal + static_cast<ptrdiff_t>(kMostChanges) + 1);
  }

  // x of the best way to `diagonal` with one change more, before equal lines.
  size_t Start(const Frontier& before, ptrdiff_t diagonal, ptrdiff_t changes) const {
    if (diagonal == -changes) return before[Index(diagonal + 1)];
    const size_t across = before[Index(diagonal - 1)] + 1;
    if (diagonal == changes) return across;
    return std::max(across, before[Index(diagonal + 1)]);
  }

  bool Advance(size_t count) {
    const auto changes = static_cast<ptrdiff_t>(count);
    Frontier next = history_.empty() ? Frontier(2 * kMostChanges + 3, 0) : history_.back();
    const Frontier before = next;
    for (ptrdiff_t diagonal = -changes; diagonal <= changes; diagonal += 2) {
      size_t x = count == 0 ? 0 : Start(before, diagonal, changes);
      while (x < a_.size() && InB(x, diagonal) && a_[x] == b_[Y(x, diagonal)]) ++x;
      next[Index(diagonal)] = x;
      if (x >= a_.size() &&
          static_cast<ptrdiff_t>(x) - diagonal >= static_cast<ptrdiff_t>(b_.size())) {
        history_.push_back(std::move(next));
        return true;
      }
    }
    history_.push_back(std::move(next));
    return false;
  }

  static size_t Y(size_t x, ptrdiff_t diagonal) {
    return static_cast<size_t>(static_cast<ptrdiff_t>(x) - diagonal);
  }
  bool InB(size_t x, ptrdiff_t diagonal) const {
    const ptrdiff_t y = static_cast<ptrdiff_t>(x) - diagonal;
    return y >= 0 && static_cast<size_t>(y) < b_.size();
  }

  std::vector<Step> Back(size_t count) const {
    std::vector<Step> steps;
    size_t x = a_.size();
    size_t y = b_.size();
    for (size_t c = count; c > 0; --c) {
      const Frontier& before = history_[c - 1];
      const auto changes = static_cast<ptrdiff_t>(c);
      const ptrdiff_t diagonal = static_cast<ptrdiff_t>(x) - static_cast<ptrdiff_t>(y);
      const bool down =
          diagonal == -changes ||
          (diagonal != changes && before[Index(diagonal - 1)] + 1 <= before[Index(diagonal + 1)]);
      const ptrdiff_t from = down ? diagonal + 1 : diagonal - 1;
      const size_t from_x = before[Index(from)];
      const size_t from_y = Y(from_x, from);
      const size_t start_x = down ? from_x : from_x + 1;
      while (x > start_x) steps.push_back({' ', --x, --y});
      steps.push_back(down ? Step{'+', x, --y} : Step{'-', --x, y});
      x = from_x;
      y = from_y;
    }
    while (x > 0) steps.push_back({' ', --x, --y});
    std::ranges::reverse(steps);
    return steps;
  }

  std::vector<Step> Everything() const {
    std::vector<Step> steps;
    steps.reserve(a_.size() + b_.size());
    for (size_t i = 0; i < a_.size(); ++i) steps.push_back({'-', i, 0});
    for (size_t i = 0; i < b_.size(); ++i) steps.push_back({'+', a_.size(), i});
    return steps;
  }

  const Lines& a_;
  const Lines& b_;
  std::vector<Frontier> history_;
};

std::string Range(size_t first, size_t count) {
  // An empty range is told by the line before it.
  const size_t shown = count == 0 ? first : first + 1;
  return count == 1 ? fmt::format("{}", shown) : fmt::format("{},{}", shown, count);
}

class Hunk {
 public:
  Hunk(const std::vector<Step>& steps, size_t begin, size_t end)
      : steps_(steps), begin_(begin), end_(end) {}

  std::string Text(const Lines& a, const Lines& b) const {
    size_t old_count = 0;
    size_t new_count = 0;
    std::string body;
    for (size_t i = begin_; i < end_; ++i) {
      const Step& step = steps_[i];
      old_count += step.mark == '+' ? 0 : 1;
      new_count += step.mark == '-' ? 0 : 1;
      const std::string_view line = step.mark == '+' ? b[step.new_line] : a[step.old_line];
      body += step.mark;
      body += line;
      if (!line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    return fmt::format("@@ -{} +{} @@\n{}", Range(steps_[begin_].old_line, old_count),
                       Range(steps_[begin_].new_line, new_count), body);
  }

 private:
  const std::vector<Step>& steps_;
  size_t begin_;
  size_t end_;
};

}  // namespace

std::string UnifiedDiff(std::string_view old_text, std::string_view new_text, std::string_view from,
                        std::string_view to) {
  if (old_text == new_text) return "";
  const Lines a = LinesOf(old_text);
  const Lines b = LinesOf(new_text);
  const std::vector<Step> steps = Myers(a, b).Steps();
  std::string out = fmt::format("--- {}\n+++ {}\n", from, to);
  for (size_t i = 0; i < steps.size();) {
    if (steps[i].mark == ' ') {
      ++i;
      continue;
    }
    const size_t begin = i < kContext ? 0 : i - kContext;
    size_t last = i;  // of the changes that are near each other
    for (size_t j = i; j < steps.size() && j <= last + 2 * kContext + 1; ++j) {
      if (steps[j].mark != ' ') last = j;
    }
    const size_t end = std::min(steps.size(), last + 1 + kContext);
    out += Hunk(steps, begin, end).Text(a, b);
    i = end;
  }
  return out;
}

}  // namespace outrider
