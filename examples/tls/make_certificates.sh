# Makes an authority of our own, and what it says of a server and of one client: `sh make_certificates.sh FOLDER`.
set -e
mkdir -p "$1"
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=our authority" \
    -addext "keyUsage=critical,keyCertSign" -keyout authority.key -out authority.pem
for pair in server:localhost client:alice.example; do
    file=${pair%%:*} name=${pair##*:}
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $file.key -out $file.csr
    printf "subjectAltName=DNS:$name\nauthorityKeyIdentifier=keyid\n" >$file.ext
    openssl x509 -req -in $file.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 30 -extfile $file.ext -out $file.pem
    cat $file.key >>$file.pem
done
