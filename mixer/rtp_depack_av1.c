/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mixer/rtp_depack_av1.c -- payloads of AV1 to temporal units
 *
 * OBUs lie in d->buf as they came, the last one perhaps a part; once whole
 * it gets the size field that decoders want.  A temporal delimiter goes
 * first.  What is not for us is left out: delimiters, padding, tile lists.
 */
#include <errno.h>
#include <string.h>

#include <re.h>

#include "mixer/rtp_depack_priv.h"


static bool unwanted(uint8_t header)
{
	const unsigned type = rtp_av1_type(header);

	return type == AV1_DELIMITER || type == AV1_PADDING ||
		type == AV1_LIST;
}


/* The OBU at d->obu is whole: check it, give it a size */
static int obu_close(struct rtp_depack *d)
{
	const size_t n = d->len - d->obu;
	uint8_t *p = d->buf + d->obu, leb[AV1_LEB_MAX];
	const size_t hdr = n && (p[0] & AV1_EXT) ? 2 : 1;
	uint64_t len;
	size_t used;
	int err;

	d->obu_open = false;
	if (n < hdr || (p[0] & 0x80))
		return EBADMSG;
	if (unwanted(p[0])) {
		d->len = d->obu;
		return 0;
	}
	if (p[0] & AV1_HAS_SIZE) {
		used = rtp_av1_leb(p + hdr, n - hdr, &len);
		if (!used || len > n - hdr - used)
			return EBADMSG;
		d->len = d->obu + hdr + used + (size_t)len;
		rtp_av1_obu(&d->av1, p[0], p + hdr + used, (size_t)len);
		return 0;
	}

	rtp_av1_obu(&d->av1, p[0], p + hdr, n - hdr);
	used = rtp_av1_leb_put(leb, n - hdr);
	err = depack_append(d, leb, used);        /* may move the buffer  */
	if (err)
		return err;
	p = d->buf + d->obu;
	p[0] |= AV1_HAS_SIZE;
	memmove(p + hdr + used, p + hdr, n - hdr);
	memcpy(p + hdr, leb, used);

	return 0;
}


static int av1_add(struct rtp_depack *d, const uint8_t *p, size_t n)
{
	static const uint8_t delimiter[2] = {
		AV1_DELIMITER << 3 | AV1_HAS_SIZE, 0,
	};
	bool first = true, last, part = p[0] & AV1_Z;
	const uint8_t *data;
	unsigned i = 0;
	size_t pos = 1, len;
	int err = 0;

	if (part != d->obu_open)
		return EPROTO;
	if (!d->len)
		err = depack_append(d, delimiter, sizeof(delimiter));

	while (!err) {
		err = rtp_av1_element(p, n, &pos, &i, &data, &len, &last);
		if (err)
			break;
		if (!(first && part))
			d->obu = d->len;
		first = false;
		err = depack_append(d, data, len);
		if (!err && last && (p[0] & AV1_Y))
			d->obu_open = true;
		else if (!err)
			err = obu_close(d);
	}
	if (first)
		return EBADMSG;           /* not a single element         */

	return err == ENOENT ? 0 : err;
}


/* N: a coded video sequence begins here.  Else anything but tiles that
 * belong to a frame header of before. */
static bool av1_start(const uint8_t *p, size_t n, bool sure)
{
	const uint8_t *data;
	size_t pos = 1, len;
	unsigned i = 0;
	bool last;

	if ((p[0] & AV1_Z) || (sure && !(p[0] & AV1_N)))
		return false;
	if (rtp_av1_element(p, n, &pos, &i, &data, &len, &last))
		return false;

	return rtp_av1_type(data[0]) != AV1_TILES;
}


static bool av1_key(const uint8_t *p, size_t n)
{
	(void)n;

	return (p[0] & AV1_N) && !(p[0] & AV1_Z);
}


static int av1_end(struct rtp_depack *d, struct rtp_depack_frame *frame)
{
	if (d->obu_open || d->len <= 2)
		return EBADMSG;
	frame->key    = d->av1.sequence && d->av1.key;
	frame->width  = d->av1.width;
	frame->height = d->av1.height;

	return 0;
}


const struct depack_ops depack_av1 = {
	CODEC_AV1, av1_start, av1_key, av1_add, av1_end,
};
