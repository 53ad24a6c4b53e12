/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/conf.c -- tutti.conf; see conf.h
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <re.h>

#include "base/conf.h"
#include "base/ladder.h"


enum {
	CONF_LINE_MAX = 1024,
	CONF_LINES_MAX = 10000,
	CONF_REPEAT_MAX = 32,
};


const struct config_key config_keyv[] = {
	{"data_dir", CONF_PATH, LOCALSTATEDIR "/lib/tutti", NULL, 0, 0, false,
	 "Directory of the catalogue (tutti.db) and of recordings/."},
	{"control_socket", CONF_PATH, "/run/tutti/tutti.sock", NULL, 0, 0,
	 false, "UNIX socket for tutti(1), mode 0660."},
	{"public_address", CONF_ADDR, NULL, NULL, 0, 0, false,
	 "IP address to put into SDP and SIP when behind NAT."},
	{"media_ports", CONF_RANGE, "20000-29999", NULL, 1024, 65535, false,
	 "UDP ports for RTP and RTCP; every leg takes up to four."},
	{"sip_listen", CONF_LISTEN, "udp 0.0.0.0:5060", "udp tcp tls", 0, 0,
	 true, "Transport and address on which SIP is served."},
	{"layout_dir", CONF_PATH, NULL, NULL, 0, 0, false,
	 "Directory with more layouts (*.layout); they replace those of the "
	 "same name."},
	{"web_listen", CONF_LISTEN, "http 127.0.0.1:8080", "http https", 0, 0,
	 true, "Protocol and address on which the web is served."},
	{"web_url", CONF_STR, NULL, NULL, 0, 0, false,
	 "Address of the web for people, as invitations have it."},
	{"turn_uri", CONF_STR, NULL, NULL, 0, 0, true,
	 "TURN or STUN server for browsers that cannot reach us."},
	{"turn_secret", CONF_STR, NULL, NULL, 0, 0, false,
	 "Secret shared with the TURN servers (use-auth-secret)."},
	{"turn_ttl_s", CONF_U32, "43200", NULL, 60, 604800, false,
	 "Seconds for which TURN credentials are good."},
	{"tls_certificate", CONF_PATH, NULL, NULL, 0, 0, false,
	 "PEM file with the certificate chain."},
	{"tls_key", CONF_PATH, NULL, NULL, 0, 0, false,
	 "PEM file with the private key."},
	{"log_level", CONF_CHOICE, "info", "error warning info debug", 0, 0,
	 false, "How much is logged."},
	{"linger_s", CONF_U32, "5", NULL, 0, 3600, false,
	 "Seconds a meeting goes on after its last party left."},
	{"canvas", CONF_CHOICE, "1280x720", "640x360 1280x720 1920x1080", 0,
	 0, false, "Size of a room's picture [pixels]."},
	{"canvas_fps", CONF_CHOICE, "30", "15 30", 0, 0, false,
	 "Pictures a second of a room's picture."},
	{"rung", CONF_RUNG, NULL, NULL, 0, LADDER_MAX, true,
	 "A size and bit rate in which a room's picture is sent."},
	{"max_rooms", CONF_U32, "10000", NULL, 1, 1000000, false,
	 "Rooms that may be created."},
	{"max_parties", CONF_U32, "200", NULL, 1, 2000, false,
	 "Parties in one meeting, unless the room says less."},
	{"capacity", CONF_U32, "0", NULL, 0, 1000000, false,
	 "Thousandths of a core that calls may take; 0: what there is."},
	{"session_expires_s", CONF_U32, "1800", NULL, 0, 86400, false,
	 "SIP session timer (RFC 4028) that is asked for; 0: none."},
	{"min_se_s", CONF_U32, "90", NULL, 90, 86400, false,
	 "Shortest SIP session timer accepted (Min-SE)."},
	{"ring_timeout_s", CONF_U32, "60", NULL, 5, 600, false,
	 "Seconds an outgoing call may ring."},
	{"event_days", CONF_U32, "90", NULL, 1, 3650, false,
	 "Days for which events are kept in the catalogue."},
	{"disk_reserve_mib", CONF_U32, "256", NULL, 16, 1048576, false,
	 "Free space below which recordings stop [MiB]."},
};

const size_t config_keyc = ARRAY_SIZE(config_keyv);


struct value {
	struct le le;
	char *text;
};

struct config {
	struct list vall[ARRAY_SIZE(config_keyv)];
	bool override[ARRAY_SIZE(config_keyv)];      /* given by -D      */
};


static void value_destructor(void *data)
{
	struct value *v = data;

	list_unlink(&v->le);
	mem_deref(v->text);
}


static void config_destructor(void *data)
{
	struct config *conf = data;
	size_t i;

	for (i = 0; i < config_keyc; i++)
		list_flush(&conf->vall[i]);
}


int config_alloc(struct config **confp)
{
	struct config *conf;

	if (!confp)
		return EINVAL;
	conf = mem_zalloc(sizeof(*conf), config_destructor);
	if (!conf)
		return ENOMEM;
	*confp = conf;

	return 0;
}


static bool is_choice(const char *choices, const char *val, size_t len)
{
	while (choices && *choices) {
		size_t n = strcspn(choices, " ");

		if (n == len && !strncmp(choices, val, n))
			return true;
		choices += n + strspn(choices + n, " ");
	}

	return false;
}


static bool number(const char *val, uint32_t *np)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*val))
		return false;
	errno = 0;
	n = strtoul(val, &end, 10);
	if (errno || *end || n > UINT32_MAX)
		return false;
	*np = (uint32_t)n;

	return true;
}


static bool range(const char *val, uint32_t *minp, uint32_t *maxp)
{
	char buf[32], *dash;

	str_ncpy(buf, val, sizeof(buf));
	dash = strchr(buf, '-');
	if (!dash)
		return false;
	*dash = '\0';

	return number(buf, minp) && number(dash + 1, maxp);
}


static int check_range(const struct config_key *key, const char *val,
		       char *why, size_t sz)
{
	uint32_t lo, hi;

	if (!range(val, &lo, &hi) || lo < key->min || hi > key->max ||
	    lo & 1 || !(hi & 1) || lo > hi) {
		re_snprintf(why, sz, "want EVEN-ODD between %u and %u, "
			    "such as 20000-29999", key->min, key->max);
		return EBADMSG;
	}

	return 0;
}


static int check_listen(const struct config_key *key, const char *val,
			char *why, size_t sz)
{
	size_t n = strcspn(val, " \t");
	const char *addr = val + n + strspn(val + n, " \t");
	struct sa sa;

	if (!is_choice(key->choices, val, n) ||
	    sa_decode(&sa, addr, strlen(addr)) ||
	    !sa_isset(&sa, SA_PORT)) {  /* the address may be 0.0.0.0 */
		re_snprintf(why, sz, "want PROTOCOL ADDRESS:PORT with "
			    "PROTOCOL one of: %s", key->choices);
		return EBADMSG;
	}

	return 0;
}


static int check(const struct config_key *key, const char *val, char *why,
		 size_t sz)
{
	struct ladder_rung rung;
	struct sa sa;
	uint32_t n;

	switch (key->type) {

	case CONF_STR:
		return 0;

	case CONF_PATH:
		if (*val == '/')
			return 0;
		re_snprintf(why, sz, "want an absolute path");
		return EBADMSG;

	case CONF_U32:
		if (number(val, &n) && n >= key->min && n <= key->max)
			return 0;
		re_snprintf(why, sz, "want a number from %u to %u", key->min,
			    key->max);
		return EBADMSG;

	case CONF_BOOL:
		if (is_choice("yes no", val, strlen(val)))
			return 0;
		re_snprintf(why, sz, "want yes or no");
		return EBADMSG;

	case CONF_ADDR:
		if (!sa_set_str(&sa, val, 0))
			return 0;
		re_snprintf(why, sz, "want an IP address");
		return EBADMSG;

	case CONF_RANGE:
		return check_range(key, val, why, sz);

	case CONF_LISTEN:
		return check_listen(key, val, why, sz);

	case CONF_CHOICE:
		if (is_choice(key->choices, val, strlen(val)))
			return 0;
		re_snprintf(why, sz, "want one of: %s", key->choices);
		return EBADMSG;

	case CONF_RUNG:
		return ladder_parse(&rung, val, why, sz);
	}

	return EBADMSG;
}


static unsigned values_max(const struct config_key *key)
{
	if (!key->repeatable)
		return 1;

	return key->max ? key->max : CONF_REPEAT_MAX;
}


static int find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < config_keyc; i++)
		if (strlen(config_keyv[i].name) == len &&
		    !strncmp(config_keyv[i].name, name, len))
			return (int)i;

	return -1;
}


static int value_add(struct config *conf, size_t i, const char *text)
{
	struct value *v = mem_zalloc(sizeof(*v), value_destructor);
	int err;

	if (!v)
		return ENOMEM;
	err = str_dup(&v->text, text);
	if (err)
		mem_deref(v);
	else
		list_append(&conf->vall[i], &v->le, v);

	return err;
}


/* One "key value" line, trimmed; override: from -D */
static int add_line(struct config *conf, char *line, bool override, char *why,
		    size_t sz)
{
	size_t klen = strcspn(line, " \t");
	char *val = line + klen + strspn(line + klen, " \t");
	const struct config_key *key;
	int i = find(line, klen), err;
	char reason[256];

	if (i < 0) {
		re_snprintf(why, sz, "unknown key \"%b\"", line, klen);
		return EBADMSG;
	}
	key = &config_keyv[i];
	if (!*val) {
		re_snprintf(why, sz, "%s: value missing", key->name);
		return EBADMSG;
	}
	err = check(key, val, reason, sizeof(reason));
	if (err) {
		re_snprintf(why, sz, "%s: bad value \"%s\": %s", key->name,
			    val, reason);
		return err;
	}

	if (override && !conf->override[i]) {
		list_flush(&conf->vall[i]);
		conf->override[i] = true;
	}
	else if (!override && conf->override[i]) {
		return 0;
	}
	if (!key->repeatable && override)
		list_flush(&conf->vall[i]);
	if (list_count(&conf->vall[i]) >= values_max(key)) {
		re_snprintf(why, sz, "%s: %s", key->name, key->repeatable ?
			    "too many values" : "given twice");
		return EBADMSG;
	}

	return value_add(conf, (size_t)i, val);
}


/* Cuts the comment and blanks around; NULL: nothing left */
static char *trim(char *line)
{
	size_t n;

	line[strcspn(line, "#\r\n")] = '\0';
	line += strspn(line, " \t");
	n = strlen(line);
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		line[--n] = '\0';

	return n ? line : NULL;
}


int config_load(struct config *conf, const char *path, char *errbuf, size_t sz)
{
	char buf[CONF_LINE_MAX], why[512], *line;
	unsigned no = 0;
	FILE *f;
	int err = 0;

	if (!conf || !path || !errbuf)
		return EINVAL;

	f = fopen(path, "re");
	if (!f) {
		err = errno;
		re_snprintf(errbuf, sz, "%s: %m", path, err);
		return err;
	}

	errno = 0;
	while (!err && fgets(buf, sizeof(buf), f)) {
		++no;
		if (!strchr(buf, '\n') && !feof(f)) {
			re_snprintf(why, sizeof(why), "line too long");
			err = EBADMSG;
		}
		else if (no > CONF_LINES_MAX) {
			re_snprintf(why, sizeof(why), "too many lines");
			err = EBADMSG;
		}
		else {
			line = trim(buf);
			if (line)
				err = add_line(conf, line, false, why,
					       sizeof(why));
		}
	}
	if (err == EBADMSG)
		re_snprintf(errbuf, sz, "%s:%u: %s", path, no, why);
	else if (!err && ferror(f)) {
		err = errno ? errno : EIO;         /* a directory        */
		re_snprintf(errbuf, sz, "%s: %m", path, err);
	}
	fclose(f);

	return err;
}


int config_set(struct config *conf, const char *text, char *errbuf, size_t sz)
{
	char buf[CONF_LINE_MAX], why[512], *line;
	int err;

	if (!conf || !text || !errbuf)
		return EINVAL;

	if (strlen(text) >= sizeof(buf)) {
		re_snprintf(errbuf, sz, "-D: line too long");
		return EBADMSG;
	}
	str_ncpy(buf, text, sizeof(buf));
	line = trim(buf);
	if (!line) {
		re_snprintf(errbuf, sz, "-D: empty");
		return EBADMSG;
	}
	err = add_line(conf, line, true, why, sizeof(why));
	if (err)
		re_snprintf(errbuf, sz, "-D '%s': %s", text, err == EBADMSG ?
			    why : strerror(err));

	return err;
}


static size_t must_find(const char *name)
{
	int i = find(name, strlen(name));

	if (i < 0)
		abort();          /* a key that is not in the table */

	return (size_t)i;
}


const char *config_str(const struct config *conf, const char *key)
{
	size_t i = must_find(key);
	const struct value *v = list_ledata(list_head(&conf->vall[i]));

	return v ? v->text : config_keyv[i].dflt;
}


uint32_t config_u32(const struct config *conf, const char *key)
{
	const char *val = config_str(conf, key);

	return val ? (uint32_t)strtoul(val, NULL, 10) : 0;
}


bool config_bool(const struct config *conf, const char *key)
{
	const char *val = config_str(conf, key);

	return val && !strcmp(val, "yes");
}


int config_range(const struct config *conf, const char *key, uint32_t *minp,
	       uint32_t *maxp)
{
	const char *val = config_str(conf, key);

	return val && range(val, minp, maxp) ? 0 : ENOENT;
}


int config_apply(const struct config *conf, const char *key, config_h *h,
	       void *arg)
{
	size_t i = must_find(key);
	struct le *le;
	int err = 0;

	if (list_isempty(&conf->vall[i]))
		return config_keyv[i].dflt ? h(config_keyv[i].dflt, arg) : 0;

	LIST_FOREACH(&conf->vall[i], le) {
		const struct value *v = le->data;

		err = h(v->text, arg);
		if (err)
			break;
	}

	return err;
}
