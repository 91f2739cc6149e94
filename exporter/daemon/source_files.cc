// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/source_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/oncall/schedule_config.h"
#include "storage/base/crypto.h"
#include "storage/base/file.h"
#include "storage/base/merge_keys.h"
#include "storage/base/strict_yaml.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;

// Links may lead to links, and in a circle.
constexpr int kMostLinks = 16;

bool IsPattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

void AddResolved(const std::string& file, std::span<const std::string> paths,
                 std::vector<std::string>* out) {
  for (const std::string& path : paths) out->push_back(ResolveBeside(file, path));
}

void AddAlertmanager(const std::string& file, std::vector<std::string>* out) {
  if (file.empty()) return;
  out->push_back(file);
  const StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return;
  const StatusOr<AlertmanagerConfig> config = ParseAlertmanagerConfig(*text, file);
  if (config.ok()) AddResolved(file, config->templates, out);
}

void AddIncidents(const std::string& file, std::vector<std::string>* out) {
  if (file.empty()) return;
  out->push_back(file);
  const StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return;
  StatusOr<YamlNode> root = ParseYaml(*text, file);
  if (!root.ok()) return;
  FoldMergeKeys(&*root);
  for (const std::string& name : CalendarNames(root->Find("schedules"))) {
    out->push_back(ResolveBeside(file, name));
  }
}

bool IsDirectory(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// The directory that holds `path`, those that hold links on the way to it, and what is behind them.
void AddPlaceOf(const fs::path& path, int links, std::set<std::string>* out) {
  fs::path holder = path.parent_path();
  if (holder.empty()) holder = ".";
  while (!IsDirectory(holder) && holder.has_relative_path()) {
    holder = holder.parent_path();
    if (holder.empty()) holder = ".";
  }
  out->insert(holder.string());
  if (links == 0) return;
  fs::path walked;
  for (const fs::path& part : path) {
    const fs::path at = walked / part;
    std::error_code error;
    if (fs::is_symlink(at, error)) {
      const fs::path place = walked.empty() ? fs::path(".") : walked;
      out->insert(place.string());
      const fs::path target = fs::read_symlink(at, error);
      if (!error) AddPlaceOf(target.is_absolute() ? target : walked / target, links - 1, out);
    }
    walked = at;
  }
}

// A glob among directories looks into those that its beginning matches.
void AddGlobbed(const std::string& pattern, std::set<std::string>* out) {
  fs::path beginning;
  for (const fs::path& part : fs::path(pattern)) {
    if (IsPattern(part.string())) {
      std::vector<std::string> places = Glob("", beginning.empty() ? "." : beginning.string());
      if (places.empty()) places.push_back(beginning.string());
      for (const std::string& place : places) AddPlaceOf(fs::path(place) / "*", kMostLinks, out);
    }
    beginning /= part;
  }
}

std::vector<std::string> PathsOf(const std::string& pattern) {
  std::vector<std::string> paths = Glob("", pattern);
  if (paths.empty() && !IsPattern(pattern)) paths.push_back(pattern);
  return paths;
}

}  // namespace

std::vector<std::string> SourcePatterns(const std::string& config_file,
                                        std::span<const std::string> known) {
  if (config_file.empty()) return {};
  const StatusOr<Config> config = LoadConfig(config_file);
  if (!config.ok()) {
    std::set<std::string> all(known.begin(), known.end());
    all.insert(config_file);
    return {all.begin(), all.end()};
  }
  std::vector<std::string> patterns = {config_file};
  AddResolved(config_file, config->rule_files, &patterns);
  AddResolved(config_file, config->bundle_files, &patterns);
  AddResolved(config_file, config->analytics_files, &patterns);
  AddAlertmanager(config->alertmanager_file, &patterns);
  AddIncidents(config->incidents_file, &patterns);
  for (std::string& file : PriceFilesOf(config->cost.pricing)) patterns.push_back(std::move(file));
  return patterns;
}

SourceFiles ReadSources(std::vector<std::string> patterns) {
  SourceFiles files{std::move(patterns), {}};
  for (const std::string& pattern : files.patterns) {
    for (const std::string& path : PathsOf(pattern)) {
      const StatusOr<std::string> text = ReadFile(path);
      files.contents[path] = text.ok() ? Sha256(*text) : "";
    }
  }
  return files;
}

bool AnyIsSource(const std::set<std::string>& names, std::span<const std::string> patterns) {
  if (names.empty()) return false;
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return std::ranges::any_of(PathsOf(pattern), [&](const std::string& path) {
      if (names.contains(fs::path(path).filename().string())) return true;
      // What is written is the file behind the links.
      std::error_code error;
      const fs::path target = fs::canonical(path, error);
      return !error && names.contains(target.filename().string());
    });
  });
}

std::set<std::string> DirectoriesOf(std::span<const std::string> patterns) {
  std::set<std::string> directories;
  for (const std::string& pattern : patterns) {
    if (IsPattern(pattern)) AddGlobbed(pattern, &directories);
    for (const std::string& path : PathsOf(pattern)) AddPlaceOf(path, kMostLinks, &directories);
  }
  return directories;
}

}  // namespace outrider
