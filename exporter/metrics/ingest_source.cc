// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_store.h"
#include "exporter/metrics/sources.h"

namespace outrider {
namespace {

void WriteRemoteWrite(const RemoteWriteStats& stats, MetricSink& sink) {
  sink.Counter("outrider_remote_write_samples_total", "Samples accepted through remote write.", {},
               stats.samples_accepted);
  sink.Counter("outrider_remote_write_late_samples_total",
               "Accepted samples that came behind a newer one of their series.", {},
               stats.samples_late);
  for (const auto& [reason, count] : stats.samples_rejected) {
    sink.Counter("outrider_remote_write_rejected_samples_total", "Samples refused, by reason.",
                 {{"reason", reason}}, count);
  }
  for (const auto& [reason, count] : stats.series_refused) {
    sink.Counter("outrider_remote_write_refused_series_total", "Series refused, by reason.",
                 {{"reason", reason}}, count);
  }
  for (const auto& [code, count] : stats.requests) {
    sink.Counter("outrider_remote_write_requests_total", "Remote write requests, by status code.",
                 {{"code", std::to_string(code)}}, count);
  }
  sink.Counter("outrider_remote_write_own_samples_dropped_total",
               "Samples of our own outrider_ series that came back and were dropped.", {},
               stats.own_samples_dropped);
  sink.Counter("outrider_remote_write_local_wins_total",
               "Samples left out because a rule of ours writes the same label set.", {},
               stats.local_wins);
  sink.Counter("outrider_remote_write_histograms_total",
               "Native histograms accepted; they count as samples too.", {},
               stats.histograms_accepted);
  sink.Counter("outrider_remote_write_exemplars_total", "Exemplars that were kept.", {},
               stats.exemplars_kept);
  sink.Counter("outrider_remote_write_refused_exemplars_total", "Exemplars that were not kept.", {},
               stats.exemplars_refused);
  sink.Counter("outrider_remote_write_body_bytes_total",
               "Bytes of remote write bodies as they were sent.", {}, stats.body_bytes);
  sink.Counter("outrider_remote_write_decoded_bytes_total",
               "Bytes of remote write bodies when unpacked.", {}, stats.decoded_bytes);
  sink.Gauge("outrider_remote_write_last_received_timestamp_seconds",
             "When a sample was last accepted; 0 when none was.", {},
             static_cast<double>(stats.last_received) / 1000);
}

void WriteOtlp(const OtlpStats& stats, MetricSink& sink) {
  for (const auto& [code, count] : stats.requests) {
    sink.Counter("outrider_otlp_requests_total", "OTLP metrics requests, by status code.",
                 {{"code", std::to_string(code)}}, count);
  }
  sink.Counter("outrider_otlp_points_total", "OTLP data points translated to samples.", {},
               stats.points);
  for (const auto& [reason, count] : stats.refused_points) {
    sink.Counter("outrider_otlp_refused_points_total", "OTLP data points refused, by reason.",
                 {{"reason", reason}}, count);
  }
  sink.Counter("outrider_otlp_samples_total", "Samples accepted through OTLP.", {},
               stats.samples_accepted);
  sink.Counter("outrider_otlp_rejected_samples_total", "Samples of OTLP that were refused.", {},
               stats.samples_rejected);
  sink.Counter("outrider_otlp_histograms_total",
               "Native histograms accepted through OTLP; they count as samples too.", {},
               stats.histograms_accepted);
}

// At most SenderLimitOptions::max_senders of them, and "other".
void WriteSenders(const std::vector<SenderStats>& senders, MetricSink& sink) {
  for (const SenderStats& one : senders) {
    sink.Gauge("outrider_ingest_sender_series",
               "Series that a sender made and that are still held.", {{"sender", one.sender}},
               static_cast<double>(one.series));
    sink.Counter("outrider_ingest_sender_samples_total",
                 "Samples of a sender that its limit of samples per second let through.",
                 {{"sender", one.sender}}, one.samples_accepted);
    for (size_t i = 0; i < one.limited.size(); ++i) {
      if (one.limited[i] == 0) continue;
      sink.Counter("outrider_ingest_limited_total",
                   "What a limit kept out: requests (body_size), samples (samples_per_second) or "
                   "series (the others).",
                   {{"sender", one.sender}, {"reason", ReasonOf(static_cast<SenderLimit>(i))}},
                   one.limited[i]);
    }
  }
}

void WriteHaClusters(const std::vector<HaCluster>& clusters, MetricSink& sink) {
  for (const HaCluster& one : clusters) {
    sink.Gauge("outrider_ha_elected_replica_info",
               "Which replica of an HA cluster is stored; always 1.",
               {{"cluster", one.cluster}, {"replica", one.elected}}, 1);
    sink.Counter("outrider_ha_elected_replica_changes_total",
                 "How often another replica of the cluster was elected.",
                 {{"cluster", one.cluster}}, one.changes);
    sink.Counter("outrider_ha_dropped_samples_total",
                 "Samples of replicas that were not the elected one.", {{"cluster", one.cluster}},
                 one.dropped);
  }
}

void WriteWindows(const WindowsStats& stats, MetricSink& sink) {
  sink.Gauge("outrider_series", "Series held in the windows.", {},
             static_cast<double>(stats.series));
  sink.Gauge("outrider_local_series", "Series in the windows that our own rules write.", {},
             static_cast<double>(stats.local_series));
  sink.Counter("outrider_series_created_total", "Series created since the start.", {},
               stats.series_created);
  sink.Counter("outrider_series_removed_total", "Series removed since the start.", {},
               stats.series_removed);
  sink.Gauge("outrider_window_samples", "Samples held in the windows.", {},
             static_cast<double>(stats.samples));
  sink.Gauge("outrider_window_late_samples", "Of the samples held: came behind a newer one.", {},
             static_cast<double>(stats.late_samples));
  const std::pair<std::string_view, uint64_t> chunks[] = {{"open", stats.open_chunks},
                                                          {"sealed", stats.sealed_chunks},
                                                          {"unwritten", stats.unwritten_chunks}};
  for (const auto& [state, count] : chunks) {
    sink.Gauge("outrider_window_chunks",
               "Chunks held in the windows; unwritten ones are sealed ones not on disk yet.",
               {{"state", state}}, static_cast<double>(count));
  }
  sink.Gauge("outrider_window_chunk_bytes", "Bytes of all chunks in memory.", {},
             static_cast<double>(stats.chunk_bytes));
  sink.Gauge("outrider_window_decoded_bytes",
             "Samples that are kept decoded because they are read again and again.", {},
             static_cast<double>(stats.decoded_bytes));
  sink.Counter("outrider_window_damaged_chunks_total", "Chunks that could not be decoded.", {},
               stats.damaged_chunks);
  sink.Gauge("outrider_window_newest_sample_timestamp_seconds",
             "Time of the newest sample; 0 when there is none.", {},
             static_cast<double>(stats.newest) / 1000);
}

void WriteMemory(const MemoryStats& stats, MetricSink& sink) {
  sink.Gauge("outrider_window_memory_bytes",
             "What the windows take: chunks, and an estimate for series and labels.", {},
             static_cast<double>(stats.used));
  sink.Gauge("outrider_window_memory_limit_bytes", "storage.memory_limit; 0 when there is none.",
             {}, static_cast<double>(stats.limit));
  sink.Gauge("outrider_window_memory_limit_held",
             "0 when the windows are over the limit and nothing is left to be shortened.", {},
             stats.held ? 1 : 0);
  sink.Gauge("outrider_window_unreferenced_retention_seconds",
             "How long series are kept that no rule or entry refers to; below "
             "storage.unreferenced_retention while memory is short.",
             {}, static_cast<double>(stats.unreferenced_retention) / kSecond);
  sink.Counter("outrider_window_retention_shortened_total",
               "How often that retention was halved because memory was short.", {},
               stats.shortened);
}

void WriteLog(std::string_view log, const LogWriterStats& stats, MetricSink& sink) {
  sink.Counter("outrider_log_records_total", "Records written, by log.", {{"log", log}},
               stats.records);
  sink.Counter("outrider_log_written_bytes_total", "Bytes written, by log.", {{"log", log}},
               stats.bytes);
  sink.Counter("outrider_log_failures_total", "Appends that failed or were refused, by log.",
               {{"log", log}}, stats.failures);
  sink.Counter("outrider_log_syncs_total", "Times a log was brought to the disk, by log.",
               {{"log", log}}, stats.syncs);
  sink.Counter("outrider_log_sync_failures_total",
               "Syncs that failed: what was written before may not survive the machine, by log.",
               {{"log", log}}, stats.sync_failures);
  sink.Counter("outrider_log_sync_seconds_total", "Time spent in syncs, by log.", {{"log", log}},
               static_cast<double>(stats.sync_nanos) / kNanosPerSecond);
  sink.Gauge("outrider_log_segments", "Segment files, by log.", {{"log", log}},
             static_cast<double>(stats.segments));
  sink.Gauge("outrider_log_disk_bytes", "Bytes on disk, by log.", {{"log", log}},
             static_cast<double>(stats.disk_bytes));
}

}  // namespace

void WriteKeptMetrics(const UsageByKind& kept, MetricSink& sink) {
  for (const auto& [kind, usage] : kept) {
    sink.Gauge("outrider_window_kept_series",
               "Series in the windows by who needs them longest; counted once a minute.",
               {{"kind", kind}}, static_cast<double>(usage.series));
    sink.Gauge("outrider_window_kept_bytes",
               "Bytes of chunks in the windows by who needs them longest; counted once a minute.",
               {{"kind", kind}}, static_cast<double>(usage.bytes));
  }
}

void WriteIngestMetrics(const IngestStoreStats& stats, MetricSink& sink) {
  WriteRemoteWrite(stats.remote_write, sink);
  WriteOtlp(stats.otlp, sink);
  WriteSenders(stats.senders, sink);
  WriteHaClusters(stats.ha_clusters, sink);
  WriteWindows(stats.windows, sink);
  WriteMemory(stats.memory, sink);
  WriteLog("wal", stats.wal, sink);
  WriteLog("chunks", stats.chunk_files, sink);
  sink.Gauge("outrider_ready", "1 when the write-ahead log is replayed and queries are answered.",
             {}, stats.ready ? 1 : 0);
  sink.Counter("outrider_checkpoints_total", "Cuts of the write-ahead log since the start.", {},
               stats.checkpoints);
  sink.Counter("outrider_maintenance_failures_total",
               "Maintenance runs of the windows that failed.", {}, stats.maintenance_failures);
  sink.Counter("outrider_unlogged_batches_total", "Batches of our rules that could not be logged.",
               {}, stats.unlogged_batches);
  if (stats.free_bytes) {
    sink.Gauge("outrider_storage_free_bytes", "Room on the disk of --storage.path.", {},
               static_cast<double>(*stats.free_bytes));
  }
  sink.Gauge(
      "outrider_storage_min_free_bytes",
      "storage.min_free: with less room no samples are taken, what is left is for decisions.", {},
      static_cast<double>(stats.min_free_bytes));
}

}  // namespace outrider
