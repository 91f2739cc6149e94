// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/usage_corpus.h"

#include <fmt/format.h>

#include <cmath>

#include "exporter/trial/corpus_lines.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHeader = "ts,value";
constexpr int64_t kLatestSeconds = 100'000'000'000;

Status AddLine(std::string_view line, const std::string& path, size_t number, UsageSeries* series) {
  const size_t comma = line.find(',');
  if (comma == std::string_view::npos) return LineError(path, number, 1, "expected ts,value");
  const auto seconds = ParseInt(line.substr(0, comma));
  if (!seconds.ok() || *seconds < 0 || *seconds > kLatestSeconds) {
    return LineError(path, number, 1,
                     fmt::format("{} is not a time in seconds", Quote(line.substr(0, comma))));
  }
  const std::string_view text = Trim(line.substr(comma + 1));
  const auto value = ParseDouble(text);
  if (!value.ok() || !std::isfinite(*value) || *value < 0) {
    return LineError(path, number, comma + 2,
                     fmt::format("{} is not a finite number from 0 on", Quote(text)));
  }
  if (!series->times.empty() && *seconds * kSecond <= series->times.back()) {
    return LineError(path, number, 1, "the times do not rise");
  }
  series->times.push_back(*seconds * kSecond);
  series->values.push_back(*value);
  return absl::OkStatus();
}

}  // namespace

StatusOr<UsageSeries> ParseUsageFile(std::string_view text, const std::string& path) {
  UsageSeries series;
  series.name = path.substr(path.rfind('/') + 1);
  size_t number = 0;
  TRY(TakeCorpusLines(
      text, path, kHeader,
      [&](std::string_view line, size_t at) { return AddLine(line, path, at, &series); }, &number));
  if (series.times.empty()) return LineError(path, number, 1, "there are no points");
  return series;
}

StatusOr<std::vector<UsageSeries>> ReadUsageCorpus(const std::string& directory) {
  TRY(ListDirectory(directory));
  std::vector<UsageSeries> corpus;
  for (const std::string& path : Glob(directory, "*.csv")) {
    corpus.push_back(TRY(ParseUsageFile(TRY(ReadFile(path)), path)));
  }
  if (corpus.empty()) return NotFound(fmt::format("{}: no *.csv in it", directory));
  return corpus;
}

}  // namespace outrider
