// SPDX-License-Identifier: Apache-2.0
#include "storage/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// A log is the process' own by nature: this and spdlog's logger are its only state.
std::atomic<LogFormat> log_format{LogFormat::kLogfmt};

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("outrider",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("ts=%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *kLogger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view LevelText(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == 0x7f) return true;
  }
  return !IsValidUtf8(value);
}

std::string Logfmt(LogLevel level, std::string_view message, LogFields fields) {
  std::string line = "level=";
  line += LevelText(level);
  line += " msg=";
  line += Quote(message);
  for (const auto& [key, value] : fields) {
    line += ' ';
    line += key;
    line += '=';
    line += NeedsQuotes(value) ? Quote(value) : value;
  }
  return line;
}

std::string Json(LogLevel level, std::string_view message, LogFields fields) {
  std::string line;
  JsonWriter json(&line);
  json.Key("level").String(LevelText(level)).Key("msg").String(message);
  for (const auto& [key, value] : fields) json.Key(key).String(value);
  return line;
}

}  // namespace

void SetUpLog(LogLevel level, LogFormat format) {
  log_format = format;
  spdlog::logger& logger = Logger();
  logger.set_level(ToSpdlog(level));
  logger.set_pattern(format == LogFormat::kJson ? "{\"ts\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}"
                                                : "ts=%Y-%m-%dT%H:%M:%S.%eZ %v",
                     spdlog::pattern_time_type::utc);
}

void Log(LogLevel level, std::string_view message, LogFields fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(ToSpdlog(level))) return;
  const std::string line = log_format == LogFormat::kJson ? Json(level, message, fields)
                                                          : Logfmt(level, message, fields);
  logger.log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace outrider
