# SPDX-License-Identifier: GPL-3.0-or-later
# schema/NNN-name.sql … -> schema.c: comments and blank lines left out
function start(file,    n)
{
	n = file
	sub(/.*\//, "", n)
	printf "%s{%d, \"\"\n", (count++ ? "},\n" : ""), n + 0
}
BEGIN {
	print "/* made from db/schema by db/schema.awk */"
	print "#include \"db/priv.h\"\n"
	print "const struct db_schema db_schemav[] = {"
}
FNR == 1 { start(FILENAME) }
{
	sub(/[ \t]*--.*/, "")
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	if ($0 != "")
		printf "\"%s\\n\"\n", $0
}
END {
	print "},\n};\n"
	print "const size_t db_schemac = " count ";"
}
