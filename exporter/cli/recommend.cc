// SPDX-License-Identifier: Apache-2.0
// outrider recommend: recommendations of a running daemon in every format, as files, put into a
// manifest, as the weekly summary.
#include <fmt/format.h>

#include <cstdio>

#include "exporter/advice/formats.h"
#include "exporter/advice/manifest_patch.h"
#include "exporter/advice/recommendation_json.h"
#include "exporter/advice/unified_diff.h"
#include "exporter/advice/weekly_summary.h"
#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int kPage = 1000;

FormFields FieldsOf(const RecommendCommand& options) {
  FormFields fields;
  const auto add = [&](const std::string& name, const std::vector<std::string>& values) {
    for (const std::string& value : values) fields.emplace_back(name, value);
  };
  add("cluster", options.clusters);
  add("namespace", options.namespaces);
  add("workload", options.workloads);
  add("workload_kind", options.kinds);
  add("container", options.containers);
  add("severity", options.severities);
  fields.emplace_back("min_savings", options.min_savings);
  fields.emplace_back("sort", options.sort);
  if (options.only_with_data) fields.emplace_back("enough_data", "true");
  return fields;
}

void TakeShownCurrency(const JsonValue& answer, AdviceReport* report) {
  const JsonValue* shown = answer.Find("shown_currency");
  if (shown == nullptr || !(shown->GetNumber("rate") > 0)) return;
  report->shown_currency = shown->GetString("code");
  report->shown_rate = shown->GetNumber("rate");
}

// Adds the rows of an answer; says what it spends.
StatusOr<size_t> TakeAnswer(const JsonValue& answer, AdviceReport* report) {
  const JsonValue* rows = answer.Find("recommendations");
  if (rows == nullptr) return InvalidArgument("there are no recommendations in the answer");
  for (const JsonValue& row : rows->items) {
    report->rows.push_back(TRY(ReadRecommendation(row)));
  }
  TakeShownCurrency(answer, report);
  if (const JsonValue* summary = answer.Find("summary")) {
    report->currency = summary->GetString("currency", "USD");
    const JsonValue* spend = summary->Find("dollars_per_month");
    if (spend != nullptr && !spend->IsNull()) report->spend_per_month = spend->number;
  }
  return rows->items.size();
}

StatusOr<AdviceReport> ReadInputFile(const std::string& path) {
  AdviceReport report;
  const StatusOr<JsonValue> json = ParseJson(TRY(ReadFile(path)));
  if (!json.ok()) return Annotate(json.status(), path);
  const auto taken = TakeAnswer(*json, &report);
  if (!taken.ok()) return Annotate(taken.status(), path);
  return report;
}

// All pages, up to --limit rows.
StatusOr<AdviceReport> Fetch(const ClientOptions& client, const RecommendCommand& options) {
  AdviceReport report;
  std::string after;
  const auto wanted = static_cast<size_t>(options.limit);
  while (true) {
    FormFields fields = FieldsOf(options);
    const size_t left = wanted == 0 ? kPage : wanted - report.rows.size();
    fields.emplace_back("limit", fmt::to_string(std::min<size_t>(kPage, left)));
    fields.emplace_back("after", after);
    const JsonValue answer =
        TRY(CallApi(client.url + "/outrider/v1/recommendations?" + EncodeForm(fields), "GET", ""));
    const size_t taken = TRY(TakeAnswer(answer, &report));
    after = answer.GetString("next");
    const bool enough = wanted != 0 && report.rows.size() >= wanted;
    if (after.empty() || enough || taken == 0) return report;
  }
}

// Standard output, or the file of -o.
Status Write(const std::string& text, const std::string& path) {
  if (!path.empty()) return WriteFileAtomically(path, text);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

Status WriteFiles(const AdviceFormat& format, const AdviceReport& report,
                  const std::string& directory) {
  TRY(MakeDirectories(directory));
  const std::vector<AdviceFile> files = RenderFiles(format, report);
  for (const AdviceFile& file : files) {
    TRY(WriteFileAtomically(directory + "/" + file.name, file.text));
  }
  fmt::print("{} file{} written to {}\n", files.size(), files.size() == 1 ? "" : "s", directory);
  return absl::OkStatus();
}

StatusOr<std::string> ReadInput(const std::string& path) {
  if (path != "-") return ReadFile(path);
  std::string text;
  char buffer[65536];
  while (const size_t size = std::fread(buffer, 1, sizeof buffer, stdin)) text.append(buffer, size);
  return text;
}

// What was done goes to standard error, so that the manifest can be piped on.
StatusOr<bool> PatchFile(const AdviceReport& report, const RecommendCommand& options) {
  const std::string name = options.manifest == "-" ? "<stdin>" : options.manifest;
  const std::string text = TRY(ReadInput(options.manifest));
  ManifestOptions manifest;
  if (options.namespaces.size() == 1) manifest.namespace_name = options.namespaces.front();
  const PatchedManifest patched = TRY(PatchManifest(text, name, report.rows, manifest));
  bool complete = true;
  for (const ManifestNote& note : patched.notes) {
    complete &= note.outcome != ManifestOutcome::kRefused;
    fmt::print(stderr, "{}\n", note.text);
  }
  const std::string answer =
      options.diff ? UnifiedDiff(text, patched.text, name, name) : patched.text;
  TRY(Write(answer, options.output_file));
  return complete;
}

Status Print(AdviceReport report, const RecommendCommand& options) {
  if (options.summary) {
    ShowMoney(&report);
    const WeeklySummary summary =
        MakeWeeklySummary(report, {Join(options.namespaces, ", "), {}, ""});
    return Write(summary.title + "\n\n" + summary.text, options.output_file);
  }
  const AdviceFormat* format = FindAdviceFormat(options.format);
  if (format == nullptr) {
    return InvalidArgument(
        fmt::format("format {}: want {}", Quote(options.format), Join(AdviceFormatNames(), ", ")));
  }
  if (!format->in_dollars) ShowMoney(&report);
  if (!options.output_dir.empty()) return WriteFiles(*format, report, options.output_dir);
  return Write(format->render(report), options.output_file);
}

}  // namespace

int RunRecommend(const ClientOptions& client, const RecommendCommand& options) {
  auto report = options.input.empty() ? Fetch(client, options) : ReadInputFile(options.input);
  if (!report.ok()) return Fail(report.status());
  if (!options.manifest.empty()) {
    const auto complete = PatchFile(*report, options);
    if (!complete.ok()) return Fail(complete.status());
    return *complete ? 0 : 1;
  }
  const Status printed = Print(*std::move(report), options);
  return printed.ok() ? 0 : Fail(printed);
}

}  // namespace outrider
