/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/mixproto.h -- what tuttid and a mixer say to each other
 *
 * Packets of base/ipc.h.  Every message is an object with "m", one of the
 * names below.  A message with "seq" is answered by MIX_DONE with the same
 * "seq".  Unknown members are ignored, unknown messages answered with an
 * error: either side may be newer.
 *
 * tuttid to mixer
 *
 *	hello      {version, meeting, room, canvas_w, canvas_h, fps,
 *	            tones, fit, layout, spotlights, locked, clock,
 *	            holding, title, banner, filter, ladder}
 *	                                    first message, answered by "ready"
 *	leg_add    {seq, ticket, join_tone} + descriptors
 *	leg_set    {seq, ticket} [+ descriptors]   the whole ticket anew: codecs,
 *	            directions, mute, name; without descriptors the leg keeps
 *	            its sockets (fd indices are then ignored)
 *	leg_del    {seq, id, leave_tone}    RTCP BYE is sent first
 *	key        {id}                     the peer asked (RFC 5168) for a key
 *	                                    frame of what it watches
 *	room_set   {tones, fit, layout, spotlights, locked, clock,
 *	            holding, title, banner, filter, ladder}
 *	                                    "letterbox" or "crop"; a name of
 *	                                    mixer/layout.h; legs (base/pins.h);
 *	                                    from locked on base/look.h; rungs
 *	                                    as base/ladder.h has them.  What
 *	                                    is absent stays
 *	watermark  {seq, on} + fd of a PNG with `on`; answered when it is read
 *	layouts    {seq, files: [{name, text}], more}   what layouts there are
 *	                                    from now on (base/layout_file.h),
 *	                                    when no more follow
 *	rec_start  {seq, rec, segment, announce} + fd of the empty .mkv, opened
 *	                                    for read and write; a file already
 *	                                    recording is closed first
 *	rec_pause  {seq, rec}   rec_resume {seq, rec}   rec_stop {seq, rec}
 *	thumb      {seq} + fd               JPEG of the canvas, 320 wide
 *	snapshot   {seq} + fd               PNG of the canvas as it is now
 *	stats      {seq}
 *	ping       {seq}                    no answer for 2 s is death
 *	bye        {}                       BYE to every leg, close files, exit 0
 *
 * mixer to tuttid
 *
 *	ready      {version, pid}
 *	done       {seq, err, text, …}      err 0 or a positive errno; text for
 *	                                    people; `stats` adds "stats"
 *	leg_news   {id, media, raddr, rssrc, rseq}   latched: where the peer's
 *	                                    RTP really comes from
 *	leg_news   {id, rtc: {peer, srtp, txkey, rxkey, roc}}   WebRTC: what
 *	                                    base/ticket.h ticket_rtc_news()
 *	                                    takes; parts may be absent
 *	leg_rtc    {id, state, text}        "connected" (again), "trouble" (no
 *	                                    consent for 5 s), "failed" (30 s,
 *	                                    or no handshake in 15 s, or a wrong
 *	                                    fingerprint), "closed" (the peer's
 *	                                    close_notify)
 *	leg_need   {id, media, width, height}   the largest tile in which this
 *	                                    party's "video" or "slides" are
 *	                                    shown now [px]; 0: nowhere.  At
 *	                                    most one per second and leg, five
 *	                                    while it doubles each time
 *	leg_slides {id, on}                 pictures come on its slides, or no
 *	                                    longer
 *	leg_key    {id}                     we want a key frame and the peer has
 *	                                    no RTCP feedback: use SIP INFO
 *	leg_bye    {id, media}              RTCP BYE from the peer
 *	leg_quiet  {id, media, quiet_ms}    no packet for so long / (0) again
 *	talk       {id, on}                 voice activity
 *	speaker    {id}                     dominant speaker; 0: nobody
 *	dtmf       {id, digit, duration_ms}
 *	picture    {id, state}              "live", "frozen", "none", "broken"
 *	rec_state  {rec, segment, state, duration_ms, bytes, text}   state:
 *	                                    "open", "paused", "closed", "failed"
 *	load       {step, text}             overload governor moved
 *	room_trouble {what, text}           "filter" or "watermark" could not be
 *	                                    drawn (any more) and was taken out
 *	rung       {id, codec, width, height, fps, kbps, estimate_kbps, why}
 *	                                    what this leg is sent from now on;
 *	                                    all 0: no picture.  why: "asked",
 *	                                    "congestion", "room" (there is),
 *	                                    "load" (the governor)
 *	quality    {id, media, rx_packets, rx_lost, rx_jitter_ms, tx_packets,
 *	            tx_lost, rtt_ms, delay_ms, codec_rx, codec_tx, width,
 *	            height, tx_estimate_kbps, tx_kbps, tx_audio_kbps,
 *	            tx_bound, tx_rung_kbps, rung_downs, rung_ups}   at leg_del
 *	                                    and with stats
 */
#ifndef TUTTI_BASE_MIXPROTO_H
#define TUTTI_BASE_MIXPROTO_H

#define MIX_VERSION    1

#define MIX_HELLO      "hello"
#define MIX_LEG_ADD    "leg_add"
#define MIX_LEG_SET    "leg_set"
#define MIX_LEG_DEL    "leg_del"
#define MIX_KEY        "key"
#define MIX_ROOM_SET   "room_set"
#define MIX_WATERMARK  "watermark"
#define MIX_LAYOUTS    "layouts"
#define MIX_REC_START  "rec_start"
#define MIX_REC_PAUSE  "rec_pause"
#define MIX_REC_RESUME "rec_resume"
#define MIX_REC_STOP   "rec_stop"
#define MIX_THUMB      "thumb"
#define MIX_SNAPSHOT   "snapshot"
#define MIX_STATS      "stats"
#define MIX_PING       "ping"
#define MIX_BYE        "bye"

#define MIX_READY      "ready"
#define MIX_DONE       "done"
#define MIX_LEG_NEWS   "leg_news"
#define MIX_LEG_RTC    "leg_rtc"
#define MIX_LEG_NEED   "leg_need"
#define MIX_LEG_SLIDES "leg_slides"
#define MIX_LEG_KEY    "leg_key"
#define MIX_LEG_BYE    "leg_bye"
#define MIX_LEG_QUIET  "leg_quiet"
#define MIX_TALK       "talk"
#define MIX_SPEAKER    "speaker"
#define MIX_DTMF       "dtmf"
#define MIX_PICTURE    "picture"
#define MIX_REC_STATE  "rec_state"
#define MIX_LOAD       "load"
#define MIX_ROOM_TROUBLE "room_trouble"
#define MIX_RUNG       "rung"
#define MIX_QUALITY    "quality"

/* The mixer finds its end of the socket pair on this descriptor. */
#define MIX_FD         3

#endif
