/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of chains, rules, sets and elements. Each of their messages carries the low half of the
 * generation's number, so that a change between two of them is noticed.
 *
 * If only some forwards matter, sets in which they can have no neighbour are left alone, and sets
 * of exact keys are asked for these keys.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include "host/netlink.h"
#include "nftables/batch.h"
#include "nftables/others.h"
#include "nftables/read.h"

#define TRIES 20
#define REQUEST_SIZE 1024
#define KEYS_MAX 64 /* more keys than that: the whole set is read */

struct reader {
	struct content *content;
	uint32_t set; /* whose elements are read */
	bool changed; /* messages of another generation were seen */
	bool foreign; /* the table is somebody else's */
	bool no_memory;
	size_t seen; /* elements of a first message */
};

static int stop(struct reader *r, bool *why)
{
	(void)r;
	*why = true;
	return MNL_CB_STOP;
}

/* ---- requests ---- */

static struct nlmsghdr *put_request(void *buffer, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = NFPROTO_INET;
	nfh->version = NFNETLINK_V0;
	return nlh;
}

/* Whether a message is of the generation that is read. */
static bool is_current(struct reader *r, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfh = mnl_nlmsg_get_payload(nlh);
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfh))
		return false;
	if (ntohs(nfh->res_id) == (r->content->generation & 0xffff))
		return true;
	r->changed = true;
	return false;
}

static const struct nlattr *find_attr(const struct nlmsghdr *nlh, uint16_t type)
{
	const char *at = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlattr *attr;
	while ((attr = wire_next(&at, end)))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static bool names_our_table(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nfgenmsg *nfh = mnl_nlmsg_get_payload(nlh);
	const char *table = wire_string(find_attr(nlh, type));
	return nfh->nfgen_family == NFPROTO_INET && table && strcmp(table, TABLE_NAME) == 0;
}

/* A list of what is in our table. The table's name is of type 1 in all messages. */
static int dump(struct reader *r, uint16_t type, mnl_cb_t each)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct nlmsghdr *nlh = put_request(buffer, type);
	if (type != NFT_MSG_GETTABLE)
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, TABLE_NAME);
	return netlink_dump(NETLINK_NETFILTER, nlh, each, r);
}

/* ---- answers ---- */

static int on_table(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	char comment[RULE_COMMENT_MAX];
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	if (!names_our_table(nlh, NFTA_TABLE_NAME))
		return MNL_CB_OK;
	wire_read_comment(find_attr(nlh, NFTA_TABLE_USERDATA), comment);
	r->foreign = strcmp(comment, TABLE_COMMENT) != 0;
	r->content->there = true;
	return MNL_CB_OK;
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	const char *name = wire_string(find_attr(nlh, NFTA_CHAIN_NAME));
	const struct nlattr *hook = find_attr(nlh, NFTA_CHAIN_HOOK), *attr;
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	if (!names_our_table(nlh, NFTA_CHAIN_TABLE) || !name)
		return MNL_CB_OK;
	struct content_chain *chain = content_find_chain(r->content, name);
	if (!chain)
		chain = content_add_chain(r->content, name);
	if (!chain)
		return stop(r, &r->no_memory);
	chain->known = shape_knows_chain(chain->name);
	chain->base = hook != NULL;
	const char *type = wire_string(find_attr(nlh, NFTA_CHAIN_TYPE));
	chain->filter = type && strcmp(type, "filter") == 0;
	const char *at = hook ? mnl_attr_get_payload(hook) : NULL;
	const char *end = hook ? at + mnl_attr_get_payload_len(hook) : NULL;
	while ((attr = wire_next(&at, end))) {
		if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
			chain->hook = wire_number(attr);
		if (mnl_attr_get_type(attr) == NFTA_HOOK_PRIORITY)
			chain->priority = (int32_t)wire_number(attr);
	}
	return MNL_CB_OK;
}

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct nft_rule rule;
	const char *chain;
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	if (!names_our_table(nlh, NFTA_RULE_TABLE) || !wire_read_rule(nlh, &rule, &chain))
		return MNL_CB_OK;
	struct nft_rule *added = content_add_rule(r->content, chain);
	if (!added)
		return stop(r, &r->no_memory);
	*added = rule;
	return MNL_CB_OK;
}

static int on_set(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_set set;
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	if (!names_our_table(nlh, NFTA_SET_TABLE) || !wire_read_set(nlh, &set))
		return MNL_CB_OK;
	return content_add_set(r->content, &set) ? MNL_CB_OK : stop(r, &r->no_memory);
}

static int on_elements(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct content_set *set = &r->content->sets[r->set];
	const struct nlattr *list = find_attr(nlh, NFTA_SET_ELEM_LIST_ELEMENTS), *attr;
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	while ((attr = wire_next(&at, end))) {
		struct element e = {.bucket = set->set.bucket};
		struct element_counter counter;
		const char *jump;
		int result = 0;
		if (!wire_read_element(attr, &e, &counter, &jump))
			set->count++, set->foreign++;
		else if (jump)
			result = content_add_jump(r->content, r->set, jump);
		else
			result = content_add_element(r->content, r->set, &e, &counter);
		if (result < 0)
			return stop(r, &r->no_memory);
	}
	return MNL_CB_OK;
}

/* ---- elements ---- */

static struct nlmsghdr *put_elements_request(void *buffer, const struct content_set *set)
{
	struct nlmsghdr *nlh = put_request(buffer, NFT_MSG_GETSETELEM);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set->name);
	return nlh;
}

static int read_elements(struct reader *r)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct content_set *set = &r->content->sets[r->set];
	set->whole = true;
	return netlink_dump(NETLINK_NETFILTER, put_elements_request(buffer, set), on_elements, r);
}

/* Whether the forward may share packets with elements of that set. */
static bool may_meet(const struct bucket *b, const struct forward *f)
{
	if (b->family != f->family || b->proto != f->proto)
		return false;
	if (bucket_has_chunks(b))
		return f->ports.first / BUCKET_CHUNK <= b->chunk &&
		       f->ports.last / BUCKET_CHUNK >= b->chunk;
	if (b->form == FORM_CLIENTS)
		return ports_hold(f->ports, b->port) &&
		       ifname_overlap(b->ifname, f->ifname) != OVERLAP_DISJOINT &&
		       (!address_is_set(&b->addr) || !address_is_set(&f->addr) ||
			address_equal(&b->addr, &f->addr));
	return true;
}

/* Whether an exact key is known for each element of the set that could share packets with f. */
static bool has_keys(const struct bucket *b, const struct forward *f)
{
	if (b->form != FORM_HASH || ports_count(f->ports) > KEYS_MAX)
		return false;
	if (b->stem && bucket_stem(f->ifname) != STEM_EXACT)
		return false;
	return !bucket_names_address(b) || address_is_set(&f->addr);
}

static int ask_for_key(struct reader *r, struct mnl_socket *socket, const struct element *e)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct nlmsghdr *nlh = put_elements_request(buffer, &r->content->sets[r->set]);
	struct nlattr *list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	wire_put_key(nlh, e);
	mnl_attr_nest_end(nlh, item);
	mnl_attr_nest_end(nlh, list);
	nlh->nlmsg_flags = NLM_F_ACK;
	/* what is not there is no error */
	return netlink_ask(socket, nlh, on_elements, r) < 0 && errno != ENOENT ? -1 : 0;
}

/* Ask for the elements with the keys that f would have in that set. */
static int ask_for_keys(struct reader *r, const struct forward *f)
{
	const struct bucket *b = &r->content->sets[r->set].set.bucket;
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	int result = socket ? 0 : -1;
	for (unsigned int port = f->ports.first; result == 0 && port <= f->ports.last; port++) {
		struct forward one = *f;
		struct element e;
		if (port / BUCKET_CHUNK != b->chunk)
			continue;
		one.ports = one.target_ports = (struct ports){(uint16_t)port, (uint16_t)port};
		element_of(&(struct piece){b, &one, PART_PROPER, 0}, &e);
		result = ask_for_key(r, socket, &e);
	}
	int error = errno;
	if (socket)
		mnl_socket_close(socket);
	errno = error;
	return result;
}

/* Count elements, until there are more than were read. */
static int on_more_elements(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	const struct nlattr *list = find_attr(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	if (!is_current(r, nlh))
		return stop(r, &r->changed);
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	while (wire_next(&at, end))
		r->seen++;
	return r->seen > r->content->sets[r->set].count ? MNL_CB_STOP : MNL_CB_OK;
}

/* Whether the set has more elements than were read. */
static int look_for_others(struct reader *r)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct content_set *set = &r->content->sets[r->set];
	r->seen = 0;
	if (netlink_dump(NETLINK_NETFILTER, put_elements_request(buffer, set), on_more_elements,
			 r) < 0)
		return -1;
	set->others = r->seen > set->count;
	return 0;
}

/* What concerns the forwards of around. */
static int read_around(struct reader *r, const struct forwards *around)
{
	const struct bucket *b = &r->content->sets[r->set].set.bucket;
	bool all = false, any = false;
	for (size_t i = 0; i < around->count; i++) {
		const struct forward *f = &around->items[i];
		any = any || may_meet(b, f);
		all = all || (may_meet(b, f) && !has_keys(b, f));
	}
	if (all)
		return read_elements(r);
	for (size_t i = 0; any && i < around->count; i++)
		if (may_meet(b, &around->items[i]) && ask_for_keys(r, &around->items[i]) < 0)
			return -1;
	if (r->content->sets[r->set].count)
		return look_for_others(r);
	r->content->sets[r->set].others = true;
	return 0;
}

/* Whether the additions of forwards matter: then all is read. */
static bool is_simple(const struct content *c, const struct forwards *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].hairpin || set->items[i].local)
			return false;
	return c->set_count > 0;
}

/* Whether each forward has all its elements among those read: a range that begins or ends outside
 * of what was asked for has not. */
static bool is_whole(const struct content *c)
{
	for (size_t i = 0; i < c->base.forwards.count; i++)
		if (c->held[i].broken)
			return false;
	return true;
}

/* Of a partial reading: not if a neighbour has additions, or elements that were not asked for, or
 * if a rule in others' chains has to move, which may serve other forwards. 1, 0, or -1. */
static int is_enough(const struct content *c, const struct forwards *around, struct err *err)
{
	if (!c->partial)
		return 1;
	if (!is_simple(c, &c->base.forwards) || !is_whole(c))
		return 0;
	int misplaced = guests_misplaced(&c->others, around, err);
	return misplaced < 0 ? -1 : !misplaced;
}

static int read_sets(struct reader *r, const struct reading *reading)
{
	struct content *c = r->content;
	c->partial = reading->around && is_simple(c, reading->around);
	for (uint32_t i = 0; i < c->set_count && !r->changed && !r->no_memory; i++) {
		const struct content_set *set = &c->sets[i];
		int result = 0;
		r->set = i;
		if (!set->known)
			continue;
		if (set->set.verdicts || !c->partial)
			result = read_elements(r);
		else if (bucket_is_proper(&set->set.bucket))
			result = read_around(r, reading->around);
		else
			c->sets[i].others = true;
		if (result < 0)
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

static int read_generation(const struct reading *reading, struct reader *r)
{
	if (batch_generation(&r->content->generation) < 0)
		return -1;
	if (r->content->generation == 0)
		return 0;
	if (reading->depth == READING_ALL && others_read(&r->content->others) < 0)
		return -1;
	if (dump(r, NFT_MSG_GETTABLE, on_table) < 0)
		return -1;
	if (!r->content->there || r->foreign || r->changed)
		return 0;
	if (reading->depth == READING_ALL &&
	    (dump(r, NFT_MSG_GETCHAIN, on_chain) < 0 || dump(r, NFT_MSG_GETRULE, on_rule) < 0))
		return -1;
	if (dump(r, NFT_MSG_GETSET, on_set) < 0)
		return -1;
	return read_sets(r, reading);
}

static int read_error(int error, struct err *err)
{
	if (error == EPERM || error == EACCES)
		return err_set(err, ERR_PERMISSION,
			       "not permitted to read nf_tables: CAP_NET_ADMIN is needed; run pfwd "
			       "as root");
	return err_sys(err, error, "cannot read nf_tables");
}

int read_table(const struct reading *reading, struct content *out, struct err *err)
{
	struct reading all = *reading;
	for (int i = 0; i < TRIES; i++) {
		struct reader r = {.content = out};
		*out = (struct content){0};
		int result = read_generation(&all, &r), error = errno;
		if (r.foreign) {
			content_free(out);
			return err_set(err, ERR_FAILED,
				       "table inet " TABLE_NAME " of nf_tables is not pfwd's (its "
				       "comment is not \"" TABLE_COMMENT
				       "\"); rename or delete it");
		}
		if (r.no_memory) {
			content_free(out);
			return err_memory(err);
		}
		/* a list that a change interrupts ends with EINTR, or names what is gone */
		if (!r.changed && result == 0) {
			if (content_finish(out, err) < 0) {
				content_free(out);
				return -1;
			}
			int enough = is_enough(out, reading->around, err);
			if (enough > 0)
				return 0;
			if (enough < 0) {
				content_free(out);
				return -1;
			}
			all.around = NULL;
		}
		content_free(out);
		if (result < 0 && !r.changed && error != EINTR && error != ENOENT)
			return read_error(error, err);
	}
	return err_set(err, ERR_CHANGED, "others changed the nf_tables rules while they were read");
}
