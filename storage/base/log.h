// SPDX-License-Identifier: Apache-2.0
// Logging: one line an event, logfmt or JSON, on standard error. spdlog lives in log.cc only.
//     LogInfo("rule group loaded", {{"file", path}, {"rules", std::to_string(n)}});
// Thread-safe. Values are quoted and escaped as needed; never pass secrets.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace outrider {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kLogfmt, kJson };

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// Call once from main, before threads start. The default is info, logfmt.
void SetUpLog(LogLevel level, LogFormat format);

void Log(LogLevel level, std::string_view message, LogFields fields = {});
inline void LogDebug(std::string_view m, LogFields f = {}) { Log(LogLevel::kDebug, m, f); }
inline void LogInfo(std::string_view m, LogFields f = {}) { Log(LogLevel::kInfo, m, f); }
inline void LogWarn(std::string_view m, LogFields f = {}) { Log(LogLevel::kWarn, m, f); }
inline void LogError(std::string_view m, LogFields f = {}) { Log(LogLevel::kError, m, f); }

}  // namespace outrider
