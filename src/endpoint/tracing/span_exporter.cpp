#include "endpoint/tracing/span_exporter.hpp"

#include "core/utf8.hpp"
#include "tracing/otlp_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace warren::endpoint {
namespace {

using std::chrono::milliseconds;

/// As OTLP has it; others would fail again.  [OTLP 1.0, OTLP/HTTP Response, Failures]
bool is_worth_repeating(unsigned status) noexcept {
    return status == 429 || (status >= 502 && status <= 504);
}

}  // namespace

SpanExporter::SpanExporter(runtime::Executor& executor, Log& log, Post post,
                           SpanExporterOptions options)
    : executor_{executor}, log_{log}, post_{std::move(post)}, options_{std::move(options)} {}

void SpanExporter::add(std::span<tracing::Span> spans) {
    bool is_to_look = false;
    {
        const std::lock_guard lock{mutex_};
        const std::size_t before = waiting_.size();
        if (before + spans.size() > options_.queue_spans_max) {
            counters_.dropped += spans.size();
            return;
        }
        std::ranges::move(spans, std::back_inserter(waiting_));
        is_to_look = before == 0 || (before < options_.batch_spans_max &&
                                     waiting_.size() >= options_.batch_spans_max);
    }
    if (is_to_look) {
        executor_.post([this] { look(); });
    }
}

void SpanExporter::flush(std::move_only_function<void()> done) {
    flushed_.push_back(std::move(done));
    is_flushing_ = true;
    look();
}

void SpanExporter::close(std::move_only_function<void()> done) {
    is_closing_ = true;
    if (is_busy_ && timer_ != 0) {
        executor_.cancel(std::exchange(timer_, 0));
        attempt();
    }
    flush(std::move(done));
}

TracerCounters SpanExporter::counters() const {
    const std::lock_guard lock{mutex_};
    return counters_;
}

/// Something has changed that may begin a batch.
void SpanExporter::look() {
    if (is_busy_) {
        return;
    }
    const std::size_t waiting = [this] {
        const std::lock_guard lock{mutex_};
        return waiting_.size();
    }();
    if (waiting == 0) {
        is_flushing_ = false;
        for (auto& flushed : std::exchange(flushed_, {})) {
            flushed();
        }
    } else if (is_flushing_ || waiting >= options_.batch_spans_max) {
        begin_batch();
    } else if (timer_ == 0) {
        timer_ = executor_.post_at(executor_.now() + options_.batch_delay, [this] {
            timer_ = 0;
            begin_batch();
        });
    }
}

void SpanExporter::begin_batch() {
    executor_.cancel(std::exchange(timer_, 0));
    std::vector<tracing::Span> batch;
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock{mutex_};
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                waiting_.size(), options_.batch_spans_max));
        batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        dropped = counters_.dropped;
    }
    if (const std::uint64_t more = dropped - std::exchange(drops_told_, dropped); more != 0) {
        log_.warning(fmt::format(
            "tracing: {} spans were dropped, as the collector does not keep up (queue_spans_max)",
            more));
    }
    is_busy_ = true;
    attempts_ = 0;
    batch_spans_ = batch.size();
    body_ = tracing::otlp_json(options_.resource, batch);
    attempt();
}

void SpanExporter::attempt() {
    ++attempts_;
    post_(body_,
          [this](std::expected<transport::HttpResponse, Failure> outcome) { received(outcome); });
}

void SpanExporter::received(const std::expected<transport::HttpResponse, Failure>& outcome) {
    if (!outcome) {
        return retry(backoff_after(attempts_, options_.backoff, random_), outcome.error().message);
    }
    if (outcome->status >= 200 && outcome->status < 300) {
        return accepted(outcome->body);
    }
    const std::string problem = fmt::format("it answers with status {}: {}", outcome->status,
                                            core::text_for_display(outcome->body));
    if (!is_worth_repeating(outcome->status)) {
        return give_up(problem);
    }
    // For longer than that nothing is kept: its spans would be dropped meanwhile.
    retry(outcome->retry_after ? std::min<milliseconds>(*outcome->retry_after, options_.backoff.max)
                               : backoff_after(attempts_, options_.backoff, random_),
          problem);
}

void SpanExporter::accepted(std::string_view body) {
    const tracing::OtlpResponse response = tracing::read_otlp_response(body);
    const std::size_t rejected = static_cast<std::size_t>(std::clamp<std::int64_t>(
        response.rejected_spans, 0, static_cast<std::int64_t>(batch_spans_)));
    if (rejected != 0 || !response.message.empty()) {
        log_.warning(fmt::format("tracing: the collector rejects {} of {} spans: {}", rejected,
                                 batch_spans_, core::text_for_display(response.message)));
    }
    {
        const std::lock_guard lock{mutex_};
        counters_.exported += batch_spans_ - rejected;
        counters_.failed += rejected;
    }
    end_batch();
}

void SpanExporter::retry(milliseconds wait, const std::string& problem) {
    if (is_closing_ || attempts_ == options_.attempts_max) {
        return give_up(problem);
    }
    log_.warning(
        fmt::format("tracing: the collector is tried again in {} ms: {}", wait.count(), problem));
    timer_ = executor_.post_at(executor_.now() + wait, [this] {
        timer_ = 0;
        attempt();
    });
}

void SpanExporter::give_up(const std::string& problem) {
    std::size_t lost = batch_spans_;
    {
        const std::lock_guard lock{mutex_};
        if (is_closing_) {
            lost += waiting_.size();
            waiting_.clear();
        }
        counters_.failed += lost;
    }
    log_.error(fmt::format("tracing: {} spans are lost: {}", lost, problem));
    end_batch();
}

void SpanExporter::end_batch() {
    is_busy_ = false;
    body_.clear();
    look();
}

}  // namespace warren::endpoint
