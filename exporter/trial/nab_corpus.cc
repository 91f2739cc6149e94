// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/nab_corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "exporter/trial/corpus_lines.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHeader = "timestamp,value";

Status AddLine(std::string_view line, const std::string& path, size_t number, NabFile* file) {
  const size_t comma = line.find(',');
  if (comma == std::string_view::npos) {
    return LineError(path, number, 1, "expected timestamp,value");
  }
  const std::string_view time_text = line.substr(0, comma);
  const std::string_view value_text = Trim(line.substr(comma + 1));
  const auto time = ParseNabTime(time_text);
  if (!time.ok()) return LineError(path, number, 1, Message(time.status()));
  const auto value = ParseDouble(value_text);
  if (!value.ok() || !std::isfinite(*value)) {
    return LineError(path, number, comma + 2,
                     fmt::format("{} is not a finite number", Quote(value_text)));
  }
  file->time_texts.emplace_back(time_text);
  file->times.push_back(*time);
  file->value_texts.emplace_back(value_text);
  file->values.push_back(*value);
  return absl::OkStatus();
}

// The points from `start` to `end`, in a file whose times may stand still or step back.
StatusOr<std::pair<size_t, size_t>> FindWindow(const JsonValue& window, const NabFile& file) {
  if (window.items.size() != 2) return InvalidArgument("a window is [start, end]");
  const Timestamp start = TRY(ParseNabTime(window.items[0].string));
  const Timestamp end = TRY(ParseNabTime(window.items[1].string));
  const auto inside = [&](Timestamp time) { return time >= start && time <= end; };
  const auto first = std::ranges::find_if(file.times, inside);
  if (first == file.times.end()) {
    return InvalidArgument(fmt::format("no point lies in the window {} to {}",
                                       window.items[0].string, window.items[1].string));
  }
  const auto after = std::find_if(file.times.rbegin(), file.times.rend(), inside);
  return std::pair{static_cast<size_t>(first - file.times.begin()),
                   static_cast<size_t>(file.times.rend() - after) - 1};
}

Status AddWindows(const JsonValue& all, const std::string& path, NabFile* file) {
  const std::string key = file->category + "/" + file->name;
  const JsonValue* windows = all.Find(key);
  if (windows == nullptr || windows->kind != JsonValue::Kind::kArray) {
    return InvalidArgument(fmt::format("{}: no list of windows for {}", path, Quote(key)));
  }
  for (const JsonValue& window : windows->items) {
    const auto found = FindWindow(window, *file);
    if (!found.ok()) return Annotate(found.status(), fmt::format("{}: {}", path, key));
    file->windows.push_back(*found);
  }
  std::ranges::sort(file->windows);
  for (size_t i = 1; i < file->windows.size(); ++i) {
    if (file->windows[i].first > file->windows[i - 1].second) continue;
    return InvalidArgument(fmt::format("{}: {}: windows overlap", path, key));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Timestamp> ParseNabTime(std::string_view text) {
  std::string rfc3339(text);
  if (rfc3339.size() > 10 && rfc3339[10] == ' ') rfc3339[10] = 'T';
  const auto time = ParseRfc3339(rfc3339 + "Z");
  if (time.ok()) return *time / kNanosPerMilli;
  return InvalidArgument(fmt::format("{} is not a time such as 2014-04-10 16:15:00", Quote(text)));
}

StatusOr<NabFile> ParseNabFile(std::string_view text, const std::string& path) {
  NabFile file;
  size_t number = 0;
  TRY(TakeCorpusLines(
      text, path, kHeader,
      [&](std::string_view line, size_t at) { return AddLine(line, path, at, &file); }, &number));
  if (file.times.empty()) return LineError(path, number, 1, "there are no points");
  return file;
}

StatusOr<std::vector<NabFile>> ReadNabCorpus(const std::string& directory) {
  const std::string labels_path = directory + "/combined_windows.json";
  const std::string labels_text = TRY(ReadFile(labels_path));
  const auto labels = ParseJson(labels_text);
  if (!labels.ok()) return Annotate(labels.status(), labels_path);
  std::vector<NabFile> files;
  const std::string data = directory + "/data";
  for (const std::string& category : TRY(ListDirectory(data))) {
    for (const std::string& path : Glob(data, category + "/*.csv")) {
      NabFile file = TRY(ParseNabFile(TRY(ReadFile(path)), path));
      file.category = category;
      file.name = path.substr(path.rfind('/') + 1);
      TRY(AddWindows(*labels, labels_path, &file));
      files.push_back(std::move(file));
    }
  }
  if (files.empty()) return NotFound(fmt::format("{}: no <category>/<file>.csv in it", data));
  return files;
}

}  // namespace outrider
