// SPDX-License-Identifier: Apache-2.0
// The formats recommendations can be taken away in: the values of `outrider recommend --format` and
// of the parameter `format`. Each is one file and one row of formats.cc. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/advice/report.h"

namespace outrider {

struct AdviceFormat {
  std::string_view name;
  std::string_view content_type;
  std::string_view extension;  // of a file, without the dot
  std::string (*render)(const AdviceReport& report) = nullptr;
  bool in_dollars = false;  // for programs: its fields are named after them
};

const AdviceFormat* FindAdviceFormat(std::string_view name);  // nullptr: unknown
std::vector<std::string> AdviceFormatNames();

// A file of --output-dir: a plain name without directories.
struct AdviceFile {
  std::string name;
  std::string text;
};
// One file per workload; for kustomize also the kustomization.yaml that names them. What comes to
// nothing (a machine as a patch) gets no file.
std::vector<AdviceFile> RenderFiles(const AdviceFormat& format, const AdviceReport& report);

// The formats, for formats.cc and tests.
std::string RenderTable(const AdviceReport& report);      // text_table.cc
std::string RenderJson(const AdviceReport& report);       // json_text.cc
std::string RenderYaml(const AdviceReport& report);       // json_text.cc: the same as YAML
std::string RenderCsv(const AdviceReport& report);        // csv.cc
std::string RenderCsvRaw(const AdviceReport& report);     // csv.cc
std::string RenderPatch(const AdviceReport& report);      // object_yaml.cc
std::string RenderVpa(const AdviceReport& report);        // vpa_yaml.cc
std::string RenderHelm(const AdviceReport& report);       // helm.cc
std::string RenderKustomize(const AdviceReport& report);  // kustomize.cc
std::string RenderKubectl(const AdviceReport& report);    // kubectl.cc
std::string RenderMarkdown(const AdviceReport& report);   // markdown.cc
std::string RenderHtml(const AdviceReport& report);       // html.cc

}  // namespace outrider
